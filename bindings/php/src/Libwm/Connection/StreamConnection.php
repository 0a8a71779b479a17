<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Core;
use Workerman\Connection\TcpConnection;
use Workerman\Worker;

/** A connection of a tcp, unix or ssl worker: of bytes, or of a protocol written in PHP. */
final class StreamConnection extends TcpConnection
{
    use Framing;

    /** @internal made by the dispatcher */
    public function __construct(Core $core, int $handle, Worker $worker)
    {
        parent::__construct($core, $handle, $worker);
        $this->wmNative = null;
    }
}
