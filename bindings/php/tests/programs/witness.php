<?php
// What programs count that is alive: each Witness lives as long as what has captured it.

use Workerman\Connection\TcpConnection;

final class Witness
{
    public static int $alive = 0;
    public static int $closed = 0;
    public mixed $self = null;

    public function __construct(public ?TcpConnection $connection = null)
    {
        self::$alive++;
    }

    public function __destruct()
    {
        self::$alive--;
    }
}

/** Whether callbacks force the collection of cycles. */
function collect(): void
{
    static $wanted = null;
    $wanted ??= getenv('WM_TEST_COLLECT') === 'yes';
    if ($wanted) {
        $garbage = new Witness();
        $garbage->self = $garbage;
        unset($garbage);
        gc_collect_cycles();
    }
}
