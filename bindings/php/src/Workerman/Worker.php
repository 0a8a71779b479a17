<?php
declare(strict_types=1);

namespace Workerman;

use Libwm\Connection\Address;
use Libwm\Compat3;
use Libwm\Core;
use Libwm\Dispatcher;
use Libwm\Error;
use Libwm\Loop\EventLoop;
use Libwm\Http\HttpConnection;
use Libwm\Launcher;
use Libwm\LibraryOptions;
use Libwm\NotYet;
use Libwm\ProgramClasses;
use Libwm\Runtime;
use Libwm\Connection\TlsOptions;
use Libwm\Properties\WorkerProperties;
use Workerman\Connection\TcpConnection;
use Workerman\Events\EventInterface;

/** A listener with its callbacks; its static side runs all of them. Programs may set properties of their own on it. */
#[\AllowDynamicProperties]
class Worker
{
    use WorkerProperties;

    public const VERSION = '5.2.2';

    public const STATUS_INITIAL = 0;
    public const STATUS_STARTING = 1;
    public const STATUS_RUNNING = 2;
    public const STATUS_SHUTDOWN = 4;
    public const STATUS_RELOADING = 8;

    public const DEFAULT_BACKLOG = 4096;

    /** Runs in the background, as flag -d does. */
    public static bool $daemonize = false;
    /** In the background standard output and standard error are appended to this file. */
    public static string $stdoutFile = '/dev/null';
    /** Path of the pid file, absolute or from the current directory; '': in libwm's run directory. */
    public static string $pidFile = '';
    /** Path of the log, absolute or from the current directory; '': standard error, and in the background libwm's run directory. */
    public static string $logFile = '';
    /** Bytes at which the log is renamed to NAME.1; 0: never. */
    public static int $logFileMaxSize = 10485760;
    /** What the titles of the processes begin with. */
    public static string $processTitle = 'WorkerMan';
    /** Without effect: `status` needs no file. */
    public static string $statusFile = '';
    /** Seconds that a stop waits for connections to close. */
    public static float|int $stopTimeout = 2;
    /** Command and flags, in place of those of the command line. */
    public static string $command = '';
    /** A name of Workerman\Events, which is the class of $globalEvent then. All are libwm's one loop, on libevent. */
    public static ?string $eventLoopClass = null;
    /** The loop of a process that serves; null in the master. */
    public static ?EventInterface $globalEvent = null;
    /** @var resource|null where safeEcho() writes; null: standard output */
    public static mixed $outputStream = null;
    /** An exception that a callback has not caught ends the process with code 250, as in Workerman; false: only its connection. */
    public static bool $exitOnException = false;

    /** @var callable|null called in the master */
    public static $onMasterReload = null;
    /** @var callable|null called in the master */
    public static $onMasterStop = null;
    /** @var callable|null (worker, status as from waitpid(2), process id), called in the master */
    public static $onWorkerExit = null;

    /** @var array<string, Worker> */
    protected static array $workers = [];
    private static int $status = self::STATUS_INITIAL;
    private static int $exitCode = 0;

    /** @var array<int, TcpConnection> of this process, by id */
    public array $connections = [];
    public bool $stopping = false;
    public ?string $eventLoop = null;
    public object $context;
    public string $workerId;

    /** @var callable|null (worker) */
    public $onWorkerStart = null;
    /** @var callable|null (worker) */
    public $onWorkerStop = null;
    /** @var callable|null (worker) */
    public $onWorkerReload = null;
    /** @var callable|null (connection) */
    public $onConnect = null;
    /** @var callable|null (connection, data) */
    public $onMessage = null;
    /** @var callable|null (connection) */
    public $onClose = null;
    /** @var callable|null (connection, code, text) */
    public $onError = null;
    /** @var callable|null (connection) */
    public $onBufferFull = null;
    /** @var callable|null (connection) */
    public $onBufferDrain = null;
    /** @var callable|null (connection, request) */
    public $onWebSocketConnect = null;
    /** @var callable|null (connection, request) */
    public $onWebSocketConnected = null;

    /** Directory of the file that has made it, in which it looks for the program's classes. */
    protected string $_autoloadRootPath = '';

    private ?int $wmHandle = null;
    /** @var class-string<TcpConnection> */
    private string $wmConnectionClass = TcpConnection::class;
    /** @var array{int, int} limits that libwm has for new connections */
    private array $wmLimits = [0, 0];
    private bool $wmAcceptPaused = false;
    private bool $wmHearsPings = false;

    /**
     * @param string|null $socketName websocket://0.0.0.0:1234, http://, text://, tcp://, unix:///path; null: does not listen
     * @param array<string, array<string, mixed>> $socketContext of stream_context_create(); socket.backlog is used, and wm: options of libwm
     */
    public function __construct(protected ?string $socketName = null, protected array $socketContext = [])
    {
        $this->socketName = $socketName === '' ? null : $socketName;
        $this->context = new \stdClass();
        $this->workerId = spl_object_hash($this);
        self::$workers[$this->workerId] = $this;
        $this->_autoloadRootPath = ProgramClasses::directoryOfMaker();
        $this->setRootPath();
    }

    // What subclasses of Workerman 3 and 4 override has no return type and no optional argument, which they do not have either.

    // ---- all workers

    /**
     * Runs the command line: `php FILE start|stop|restart|reload|status|connections`. Does not return.
     *
     * @return void
     */
    public static function runAll()
    {
        if (PHP_SAPI !== 'cli') {
            exit("Only run in command line mode\n");
        }
        if (self::$status !== self::STATUS_INITIAL) {
            throw new \LogicException('Worker::runAll() runs already');
        }
        try {
            self::$status = self::STATUS_STARTING;
            $code = (new Launcher(Runtime::core()))->run();
        } catch (Error $e) {
            fwrite(STDERR, basename((string) ($_SERVER['argv'][0] ?? 'php')) . ": {$e->getMessage()}\n");
            $code = 1;
        }
        exit($code);
    }

    /** Has the master replace this process, which drains once its successor serves; in a callback of the master, ends all processes. */
    public static function stopAll(int $code = 0, mixed $log = '')
    {
        if ($log !== '') {
            self::log($log);
        }
        self::$exitCode = $code;
        self::$status = self::STATUS_SHUTDOWN;
        Runtime::core()->stop();
    }

    /** @return array<string, Worker> in a process of a worker: this one and those that it has made */
    public static function getAllWorkers()
    {
        return self::$workers;
    }

    /** @return EventInterface */
    public static function getEventLoop()
    {
        return self::$globalEvent ?? throw new \RuntimeException('there is no loop yet: use it in onWorkerStart or a later callback');
    }

    /** @return int */
    public static function getStatus()
    {
        return self::$status;
    }

    /** @return bool */
    public static function isRunning()
    {
        return self::$status !== self::STATUS_INITIAL;
    }

    /** @return list<string> */
    public static function getArgv()
    {
        return $_SERVER['argv'] ?? [];
    }

    /** Without effect: libwm opens the files again. */
    public static function resetStd()
    {
    }

    /** @return bool */
    public static function getGracefulStop()
    {
        return false;
    }

    /**
     * Writes a line to the log, with time and process id; in the foreground also to the terminal.
     *
     * @return void
     */
    public static function log(mixed $msg)
    {
        Runtime::core()->log((string) $msg, $msg instanceof \Throwable);
    }

    /**
     * Writes to standard output.
     *
     * @return void
     */
    public static function safeEcho(string $msg)
    {
        fwrite(self::$outputStream ?? STDOUT, $msg);
    }

    // ---- one worker

    /**
     * Listens in this process: no other process, no onWorkerStart. Before runAll() it has no effect, as runAll() listens.
     *
     * @param bool $autoAccept whether it accepts at once; else from resumeAccept() on
     * @return void
     */
    public function listen()
    {
        $autoAccept = (bool) (func_get_args()[0] ?? true);
        if ($this->socketName === null || !Runtime::isServing()) {
            return;
        }
        if ($this->wmHandle === null) {
            $this->wmCreate();
        }
        Runtime::core()->listen((int) $this->wmHandle);
        $this->stopping = false;
        if ($autoAccept) {
            $this->resumeAccept();
        } else {
            $this->pauseAccept();
        }
    }

    /** Closes the listening socket; connections stay. */
    public function unlisten()
    {
        if ($this->isOpen()) {
            Runtime::core()->unlisten((int) $this->wmHandle);
        }
    }

    public function pauseAccept()
    {
        if ($this->isOpen() && !$this->wmAcceptPaused) {
            $this->wmAcceptPaused = true;
            Runtime::core()->pauseAccept((int) $this->wmHandle);
        }
    }

    public function resumeAccept()
    {
        if ($this->isOpen() && $this->wmAcceptPaused) {
            $this->wmAcceptPaused = false;
            Runtime::core()->resumeAccept((int) $this->wmHandle);
        }
    }

    /**
     * Calls onWorkerStop, closes the listening socket and the connections.
     *
     * @return void
     */
    public function stop()
    {
        if ($this->stopping) {
            return;
        }
        $this->stopping = true;
        if ($this->onWorkerStop !== null) {
            Dispatcher::guard(fn () => ($this->onWorkerStop)($this));
        }
        if ($this->isOpen()) {
            Runtime::core()->stopWorker((int) $this->wmHandle);
        }
        $this->onMessage = $this->onClose = $this->onError = $this->onBufferDrain = $this->onBufferFull = null;
    }

    /**
     * Starts this worker in its process: listens, then calls onWorkerStart.
     *
     * @return void
     */
    public function run()
    {
        $this->setRootPath();
        $this->listen();
        if ($this->onWorkerStart !== null) {
            Dispatcher::guard(fn () => ($this->onWorkerStart)($this)); // in this scope: it may be a protected method of a subclass
        }
    }

    /**
     * The address, as it was given but for a first letter in lower case; '' without one.
     *
     * @return string
     */
    public function getSocketName()
    {
        return lcfirst((string) $this->socketName);
    }

    /**
     * libwm's sockets are not streams of PHP.
     *
     * @return mixed
     */
    public function getMainSocket()
    {
        return null;
    }

    /** Without effect: libwm has done it before onWorkerStart. */
    public function setUserAndGroup()
    {
    }

    private function setRootPath(): void
    {
        if ($this->_autoloadRootPath !== '') {
            ProgramClasses::setRoot($this->_autoloadRootPath);
        }
    }

    private function isOpen(): bool
    {
        return $this->wmHandle !== null && Runtime::isServing();
    }

    // ---- for the launcher and the dispatcher

    /** @internal Makes the worker in libwm. */
    public function wmCreate(): void
    {
        $this->setRootPath();
        $core = Runtime::core();
        $handle = $core->newWorker($this->address());
        $this->wmHandle = $handle;
        $options = [
            'count' => max(1, (int) $this->count),
            'name' => (string) $this->name !== '' ? (string) $this->name : 'none',
            'user' => (string) $this->user,
            'group' => (string) $this->group,
            'reloadable' => (int) $this->reloadable,
            'reuse_port' => (int) $this->reusePort,
            'send_high_water' => TcpConnection::limit(TcpConnection::$defaultMaxSendBufferSize),
            'max_send_buffer' => TcpConnection::limit(TcpConnection::$defaultMaxSendBufferSize),
            'max_message' => TcpConnection::limit(TcpConnection::$defaultMaxPackageSize),
            'defer_handshake' => 1,
        ];
        if (isset($this->socketContext['socket']['backlog'])) {
            $options['backlog'] = min(65535, max(1, (int) $this->socketContext['socket']['backlog']));
        }
        if ($this->transport === 'ssl') {
            $options += TlsOptions::ofServer($this->socketContext['ssl'] ?? []);
        }
        foreach (LibraryOptions::with($this->socketContext, $options) as $option => $value) {
            if ($value !== '') {
                $core->setWorker($handle, $option, $value);
            }
        }
        if ($this->transport === 'ssl') {
            foreach (TlsOptions::certificatesByName($this->socketContext['ssl'] ?? []) as [$name, $certificate, $key]) {
                $core->addCertificate($handle, $name, $certificate, $key);
            }
        }
        $this->wmLimits = [TcpConnection::$defaultMaxSendBufferSize, TcpConnection::$defaultMaxPackageSize];
        Runtime::dispatcher()->add($handle, $this);
    }

    /** @internal */
    public function wmTrustsProxies(): bool
    {
        return ($this->socketContext['wm']['trusted_proxies'] ?? '') !== '';
    }

    /** The address for libwm; null: none. Sets what it says of protocol, transport and connections. */
    private function address(): ?string
    {
        if ($this->socketName === null) {
            return null;
        }
        $address = Address::ofWorker($this->socketName, $this->transport, $this->protocol, isset($this->onWebSocketClose));
        $this->wmConnectionClass = $address->connection === HttpConnection::class ? Compat3::connectionClass($this) : $address->connection;
        $this->protocol = $address->protocol;
        $this->transport = $address->transport;
        return $address->address;
    }

    /** @internal */
    public function wmReload(): void
    {
        if ($this->onWorkerReload !== null) {
            Dispatcher::guard(fn () => ($this->onWorkerReload)($this));
        }
    }

    /** @internal */
    public function wmConnected(TcpConnection $connection): void
    {
        if ($this->onConnect !== null) {
            $connection->call(fn (TcpConnection $connection) => ($this->onConnect)($connection));
        }
    }

    /** @internal Pings and pongs of all websockets of this worker are events from now on. */
    public function wmHearPings(): void
    {
        if (!$this->wmHearsPings) {
            $this->wmHearsPings = true;
            Runtime::core()->setWorker((int) $this->wmHandle, 'ping_events', 1);
        }
    }

    /** @internal */
    public function wmHandle(): ?int
    {
        return $this->wmHandle;
    }

    /**
     * @internal
     * @return class-string<TcpConnection>
     */
    public function wmConnectionClass(): string
    {
        return $this->wmConnectionClass;
    }

    /**
     * @internal
     * @return array{int, int}
     */
    public function wmAppliedLimits(): array
    {
        return $this->wmLimits;
    }

    /** @internal Forgets the workers of other processes; returns the one of this process. */
    public static function wmKeepOwn(Core $core): self
    {
        foreach (self::$workers as $worker) {
            $index = $core->indexOf((int) $worker->wmHandle);
            if ($index !== null) {
                $worker->id = $index;
                self::$workers = [$worker->workerId => $worker];
                self::$status = self::STATUS_RUNNING;
                self::$eventLoopClass = EventLoop::chosen($worker);
                self::$globalEvent = new self::$eventLoopClass();
                return $worker;
            }
        }
        throw new Error('this process serves no worker of the program');
    }

    /** @internal */
    public static function wmStopping(): void
    {
        self::$status = self::STATUS_SHUTDOWN;
    }

    /** @internal */
    public static function wmExitCode(): int
    {
        return self::$exitCode;
    }
}
