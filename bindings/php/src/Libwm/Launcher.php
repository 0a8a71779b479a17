<?php
declare(strict_types=1);

namespace Libwm;

use Workerman\Autoloader;
use Workerman\WebServer;
use Workerman\Worker;

/** Worker::runAll(): runs the command line, and in a process of a worker its loop. */
final class Launcher
{
    private const EXIT_FAILED = 1;

    private string $script;
    private string $directory;

    /** The directory of the shell's command: the program may have changed it before it calls runAll(). */
    private static string $startDirectory = '';

    public function __construct(private Core $core)
    {
        $this->directory = (string) getcwd();
        $this->script = (string) ($_SERVER['argv'][0] ?? 'php');
        $moved = self::$startDirectory !== '' && self::$startDirectory !== $this->directory;
        if ($moved && !str_starts_with($this->script, '/')) {
            $shells = (string) getenv('PWD'); // with symlinks kept
            $start = realpath($shells) === self::$startDirectory ? $shells : self::$startDirectory;
            $this->script = "$start/$this->script"; // names the instance, as C cannot know where the program began
        }
    }

    /** Called when the classes are loaded. */
    public static function begin(): void
    {
        self::$startDirectory = (string) getcwd();
    }

    /** Returns the exit code of this process. */
    public function run(): int
    {
        $this->configure();
        foreach (Worker::getAllWorkers() as $worker) {
            try {
                $worker->wmCreate();
            } catch (\LogicException $e) {
                throw new Error($e->getMessage());
            }
        }
        $words = $this->words();
        if (Worker::getAllWorkers() === [] && \in_array($words[0] ?? '', ['start', 'restart'], true)) {
            throw new Error("there is no worker: make one before runAll(), as new Workerman\Worker('websocket://0.0.0.0:1234')");
        }
        self::loadClasses();
        if (self::namesHub()) {
            $this->core->openHub(); // here, so that all processes have the same one
        }
        $result = $this->core->main([$this->script, ...$words]);
        return $result === Core::CHILD ? $this->serve() : $result;
    }

    /** Now, as a process may not have the right to read them later, or a descriptor, and an update may replace them. */
    private static function loadClasses(): void
    {
        $root = dirname(__DIR__);
        $files = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator($root, \FilesystemIterator::SKIP_DOTS));
        foreach ($files as $file) {
            $class = strtr(substr((string) $file, strlen($root) + 1, -4), '/', '\\');
            // All but compatibility.php, and what programs of Workerman 3 begin with.
            $isOld = str_starts_with($class, 'Libwm\\Compat3\\') || $class === WebServer::class;
            if (str_contains($class, '\\') && $class !== Autoloader::class && (!$isOld || Compat3::isEnabled())) {
                class_exists($class) || interface_exists($class) || trait_exists($class);
            }
        }
    }

    /** Whether a file of the program that is loaded by now names Workerman\Hub: others need no process that joins them. */
    private static function namesHub(): bool
    {
        foreach (get_included_files() as $file) {
            if (!str_starts_with($file, dirname(__DIR__)) && preg_match('/\bHub\s*::|\bWorkerman\\\\Hub\b/', (string) @file_get_contents($file))) {
                return true;
            }
        }
        return false;
    }

    /** @return list<string> */
    private function words(): array
    {
        if (Worker::$command !== '') {
            $given = preg_split('/\s+/', trim(Worker::$command)) ?: [];
        } else {
            $given = array_slice($_SERVER['argv'] ?? [], 1);
        }
        $words = CommandLine::select($given);
        if (Worker::$daemonize && in_array($words[0] ?? '', ['start', 'restart'], true) && !in_array('-d', $words, true)) {
            $words[] = '-d';
        }
        return $words;
    }

    private function configure(): void
    {
        $this->core->setApp('stop_timeout_ms', (int) round(Worker::$stopTimeout * 1000));
        $this->core->setApp('log_max_size', max(0, Worker::$logFileMaxSize));
        foreach (['pid_file' => Worker::$pidFile, 'log_file' => Worker::$logFile, 'stdout_file' => Worker::$stdoutFile] as $option => $path) {
            if ($path !== '' && !str_contains($path, '://')) { // php://stdout is where libwm's log goes by itself
                $path = $this->absolute($path);
                if ($option === 'log_file' && !is_dir(dirname($path))) {
                    @mkdir(dirname($path), 0777, true); // libwm says what is wrong if it could not
                }
                $this->core->setApp($option, $path);
            }
        }
        $script = $this->absolute($this->script);
        $this->core->onMaster([
            'start' => static fn () => self::setTitle("master process  start_file=$script"),
            'reload' => static fn () => self::callMaster(Worker::$onMasterReload),
            'stop' => static fn () => self::callMaster(Worker::$onMasterStop),
            'exit' => static function (int $worker, int $pid, int $status): void {
                foreach (Worker::getAllWorkers() as $object) {
                    if ($object->wmHandle() === $worker) {
                        self::callMaster(Worker::$onWorkerExit, [$object, $status, $pid]);
                        self::callMaster(get_object_vars($object)['onWorkerExit'] ?? null, [$object, $status, $pid]); // of Workerman 4
                    }
                }
            },
        ]);
    }

    /**
     * Calls a function of the program in the master, where no exception may leave it.
     *
     * @param array<mixed> $arguments
     */
    private static function callMaster(mixed $function, array $arguments = []): void
    {
        try {
            if ($function !== null) {
                $function(...$arguments);
            }
        } catch (\Throwable $e) {
            Worker::log($e);
        }
    }

    private function absolute(string $path): string
    {
        return str_starts_with($path, '/') ? $path : "$this->directory/$path";
    }

    private static function setTitle(string $title): void
    {
        if (function_exists('cli_set_process_title')) {
            @cli_set_process_title(Worker::$processTitle . ": $title");
        }
    }

    // ---- a process of a worker

    private function serve(): int
    {
        mt_srand(); // else all processes have the master's sequence
        Runtime::serve();
        $worker = Worker::wmKeepOwn($this->core);
        self::setTitle("worker process  $worker->name " . ($worker->getSocketName() ?: 'none'));
        // What was sent before an exit() or a fatal error still leaves.
        $process = getmypid();
        register_shutdown_function(function () use ($process): void {
            if (getmypid() === $process) { // and not one that the program has forked
                $this->core->flush();
            }
        });
        try {
            $worker->run();
        } catch (Error $e) {
            Worker::log($e); // the worker's own listener
            return self::EXIT_FAILED;
        }
        Runtime::dispatcher()->run();
        return Worker::wmExitCode();
    }
}
