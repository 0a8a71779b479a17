function connect(url, uid, show, say, tries = 0) {
    const ws = new WebSocket(url);
    let opened;
    ws.onopen = () => { ws.send(uid); opened = Date.now(); say(`connected as ${uid}`); };
    ws.onmessage = e => show(e.data);       // all messages that arrive are pushes
    ws.onclose = e => {
        const closed = `closed (${e.code}${e.reason && `, ${e.reason}`})`;
        if (e.code === 1008 || e.code === 4401) // refused, as the next try would be
            return say(closed);
        if (e.code === 1001 || e.code === 1012 || Date.now() - opened > 10000)
            tries = 0;                      // it stops, it reloads, or it has served for a while
        const pause = Math.random() * Math.min(1000 * 2 ** tries, 30000);
        say(`${closed}, next try in ${(pause / 1000).toFixed(1)} s`);
        setTimeout(connect, pause, url, uid, show, say, tries + 1);
    };
}
