<?php
declare(strict_types=1);

namespace Workerman;

use Libwm\Compat3;
use Libwm\Compat3\JumpExit;
use Workerman\Connection\TcpConnection;
use Workerman\Protocols\Http;
use Workerman\Protocols\Http\Response;

/** The web server of Workerman 3: files of a directory for each host name, and PHP scripts, which it includes. */
class WebServer extends Worker
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    private const NOT_FOUND = '<html><head><title>404 File not found</title></head><body><center><h3>404 Not Found</h3></center></body></html>';

    /**
     * Paths that are not for clients: those with a segment "..", or another one that begins with a dot, but for /.well-known/ (RFC 8615);
     * names that PHP does not run here, whose source would be sent; and what editors leave behind.
     */
    private const HIDDEN = '~(?:^|/)\.(?!(?<=^/\.)well-known/)|\.(?:php[^/.]+|phtml|phar|inc|bak|old|orig|save|sw[a-p])$|\~$~Di';

    /** @var array<string, array<string, string>> root, and perhaps additionHeader and custom404, by host name in lower case */
    protected array $serverRoot = [];
    /** @var callable|null the program's own */
    protected $_onWorkerStart = null;

    /** @param array<string, array<string, mixed>> $context_option */
    public function __construct(string $socket_name, array $context_option = [])
    {
        Compat3::enable();
        $address = explode(':', $socket_name, 2)[1] ?? '';
        parent::__construct("http:$address", $context_option);
        $this->name = 'WebServer';
    }

    /**
     * Serves a directory to requests for a host name; the first one also to those for other names.
     *
     * @param string|array<string, string> $config the directory, or root with it, additionHeader (a header line of each answer) and custom404
     *        (a file)
     */
    public function addRoot(string $domain, string|array $config)
    {
        $config = is_string($config) ? ['root' => $config] : $config;
        if (!isset($config['root'])) {
            throw new \InvalidArgumentException("addRoot('$domain'): there is no root, the directory that it serves");
        }
        $config['root'] = realpath($config['root']) ?: $config['root'];
        $this->serverRoot[strtolower($domain)] = $config; // RFC 9110 §4.2.3
    }

    public function run()
    {
        $this->_onWorkerStart = $this->onWorkerStart;
        $this->onWorkerStart = [$this, 'onWorkerStart'];
        $this->onMessage = [$this, 'onMessage'];
        parent::run();
    }

    public function onWorkerStart()
    {
        if ($this->serverRoot === []) {
            self::log("$this->name serves nothing: call addRoot(host name, directory) before runAll()");
        }
        foreach ($this->id === 0 ? $this->serverRoot : [] as $domain => $site) {
            if (!is_dir($site['root'])) {
                self::log("$this->name answers 404 for $domain: {$site['root']} of addRoot() is not a directory");
            }
        }
        if ($this->_onWorkerStart !== null) {
            ($this->_onWorkerStart)($this);
        }
    }

    public function onMessage(TcpConnection $connection)
    {
        $site = $this->serverRoot[strtolower($_SERVER['SERVER_NAME'])] ?? (reset($this->serverRoot) ?: ['root' => '']);
        if (isset($site['additionHeader'])) {
            Http::header($site['additionHeader']);
        }
        $target = explode('?', $_SERVER['REQUEST_URI'], 2)[0];
        $path = rawurldecode((string) preg_replace('~^https?://[^/]*~i', '', $target));
        if (str_contains($path, "\0")) {
            $this->refuse($connection, 400, '<h1>400 Bad Request</h1>');
            return;
        }
        $isPublic = $site['root'] !== '' && !preg_match(self::HIDDEN, $path);
        $file = $isPublic ? self::find($site['root'], $path) : null;
        if ($file === null) {
            $custom = $site['custom404'] ?? '';
            $this->refuse($connection, 404, is_file($custom) ? (string) file_get_contents($custom) : self::NOT_FOUND);
        } elseif (strtolower(pathinfo($file, PATHINFO_EXTENSION)) === 'php') {
            self::runScript($connection, $site['root'], $file);
        } else {
            self::sendFile($connection, $file);
        }
    }

    /** Answers with a file; its type is that of its name. */
    public static function sendFile(TcpConnection $connection, string $file_path)
    {
        $connection->send((new Response())->withFile($file_path));
    }

    private function refuse(TcpConnection $connection, int $status, string $body): void
    {
        Http::header("HTTP/1.1 $status");
        $connection->send($body);
    }

    /** The file of a path: what it names, else the index of its directory, else that of the root. Null: none, or not below the root. */
    private static function find(string $root, string $path): ?string
    {
        $named = "$root/$path";
        $isScript = in_array(strtolower(pathinfo($path, PATHINFO_EXTENSION)), ['', 'php'], true);
        foreach ($isScript ? [$named, "$named/index.php", "$named/index.html", "$root/index.php", "$root/index.html"] : [$named] as $candidate) {
            $file = is_file($candidate) ? realpath($candidate) : false;
            if ($file !== false) {
                return str_starts_with($file, rtrim($root, '/') . '/') ? $file : null;
            }
        }
        return null;
    }

    /** Includes a script; what it writes is the answer. */
    private static function runScript(TcpConnection $connection, string $root, string $file): void
    {
        $directory = (string) getcwd();
        chdir($root);
        $level = ob_get_level();
        ob_start();
        try {
            (static function (string $workerman_file) use ($connection): void {
                include $workerman_file;
            })($file);
        } catch (JumpExit $e) {
            echo $e->output;
        } finally {
            while (ob_get_level() > $level + 1) { // what the script has left open
                ob_end_flush();
            }
            $content = (string) ob_get_clean();
            chdir($directory);
        }
        $connection->send($content);
    }
}
