<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

use Libwm\Dispatcher;
use Libwm\Http\SessionIds;
use Workerman\Protocols\Http\Session\FileSessionHandler;
use Workerman\Protocols\Http\Session\SessionHandlerInterface;

/** Data of a client, by the id in its cookie. Saved when the request goes, or by save(). */
class Session
{
    // What subclasses of Workerman 3 and 4 override has no return type, which they do not have either.

    /** Name of the cookie. */
    public static string $name = 'PHPSID';
    /** Seconds that a session lives after it was saved, and by php.ini's session.gc_maxlifetime. */
    public static int $lifetime = 1440;
    /** Whether a request that only reads begins the lifetime anew. */
    public static bool $autoUpdateTimestamp = false;
    /** Chance that a request removes sessions that are too old: [1, 20000] is one in 20000. */
    public static array $gcProbability = [1, 20000];

    /** Seconds that the cookie lasts; 0: until the browser closes. These six are of php.ini, but for HttpOnly, which is on. */
    public static int $cookieLifetime = 0;
    public static string $cookiePath = '/';
    public static string $domain = '';
    public static bool $secure = false;
    public static bool $httpOnly = true;
    public static string $sameSite = '';

    /** @var class-string<SessionHandlerInterface> */
    protected static string $handlerClass = FileSessionHandler::class;
    protected static mixed $handlerConfig = null;
    protected static ?SessionHandlerInterface $handler = null;

    /** @var array<mixed> */
    protected array $data = [];
    protected bool $needSave = false;
    /** False for what unserialize() has made, which must not write. */
    protected bool $isSafe = true;
    private bool $wmIsStored = false;

    public function __construct(protected string $sessionId)
    {
        SessionIds::check($sessionId);
        $stored = self::handler()->read($sessionId);
        if (\is_string($stored) && $stored !== '') {
            $data = @\unserialize($stored, ['allowed_classes' => false]);
            $this->data = \is_array($data) ? $data : [];
            $this->wmIsStored = true;
        }
    }

    /** @internal the session that a client has named; null: there is none, and none that this program has begun */
    public static function wmFind(string $id): ?self
    {
        $session = new self($id);
        if ($session->wmIsStored || SessionIds::isOwn($id)) {
            return $session;
        }
        $session->isSafe = false;
        return null;
    }

    /** @return string */
    public function getId()
    {
        return $this->sessionId;
    }

    /** @return mixed */
    public function get(string $name, mixed $default = null)
    {
        return $this->data[$name] ?? $default;
    }

    public function set(string $name, mixed $value)
    {
        $this->data[$name] = $value;
        $this->needSave = true;
    }

    public function delete(string $name)
    {
        unset($this->data[$name]);
        $this->needSave = true;
    }

    /**
     * Gets a value and deletes it.
     *
     * @return mixed
     */
    public function pull(string $name, mixed $default = null)
    {
        $value = $this->get($name, $default);
        $this->delete($name);
        return $value;
    }

    /** @param string|array<mixed> $key a name, or values by their names */
    public function put(string|array $key, mixed $value = null)
    {
        foreach (\is_array($key) ? $key : [$key => $value] as $name => $one) {
            $this->data[$name] = $one;
        }
        $this->needSave = true;
    }

    /** @param string|array<string> $name one, or several */
    public function forget(string|array $name)
    {
        foreach ((array) $name as $one) {
            unset($this->data[$one]);
        }
        $this->needSave = true;
    }

    /** @return array<mixed> */
    public function all()
    {
        return $this->data;
    }

    public function flush()
    {
        $this->data = [];
        $this->needSave = true;
    }

    /**
     * Whether there is a value other than null.
     *
     * @return bool
     */
    public function has(string $name)
    {
        return isset($this->data[$name]);
    }

    /**
     * Whether there is a value, null too.
     *
     * @return bool
     */
    public function exists(string $name)
    {
        return \array_key_exists($name, $this->data);
    }

    /** Stores what has changed. A session without data is not stored. */
    public function save()
    {
        if ($this->needSave) {
            $this->needSave = false;
            if ($this->data === []) {
                self::handler()->destroy($this->sessionId);
            } else {
                self::handler()->write($this->sessionId, \serialize($this->data));
            }
        } elseif (static::$autoUpdateTimestamp) {
            $this->refresh();
        }
    }

    /**
     * Begins the lifetime anew.
     *
     * @return bool
     */
    public function refresh()
    {
        return self::handler()->updateTimestamp($this->sessionId);
    }

    /** Removes sessions that are too old. */
    public function gc()
    {
        self::handler()->gc(static::$lifetime);
    }

    /** Takes what php.ini says of sessions, when the class is loaded. */
    public static function init()
    {
        $chance = [(int) ini_get('session.gc_probability'), (int) ini_get('session.gc_divisor')];
        if ($chance[0] > 0 && $chance[1] > 0) { // 0: a job of the system's cleans up PHP's own
            static::$gcProbability = $chance;
        }
        static::$lifetime = (int) ini_get('session.gc_maxlifetime') ?: static::$lifetime;
        if (\function_exists('session_get_cookie_params')) {
            $cookie = session_get_cookie_params();
            static::$cookieLifetime = $cookie['lifetime'];
            static::$cookiePath = $cookie['path'];
            static::$domain = $cookie['domain'];
            static::$secure = $cookie['secure'];
            static::$sameSite = $cookie['samesite'] ?? '';
        }
    }

    /**
     * Sets the class that stores sessions, of those made from then on.
     *
     * @param class-string<SessionHandlerInterface>|null $className null: the one there is
     * @param mixed $config the argument of its constructor; null: none
     * @return string
     */
    public static function handlerClass(?string $className = null, mixed $config = null)
    {
        if ($className !== null) {
            if (!is_a($className, SessionHandlerInterface::class, true) && !is_a($className, \Libwm\NotYet::class, true)) {
                throw new \InvalidArgumentException("$className does not implement " . SessionHandlerInterface::class);
            }
            static::$handlerClass = $className;
        }
        if ($config !== null) {
            static::$handlerConfig = $config;
        }
        static::$handler = null;
        return static::$handlerClass;
    }

    /** @return array<string, mixed> as session_get_cookie_params() */
    public static function getCookieParams()
    {
        return [
            'lifetime' => static::$cookieLifetime,
            'path' => static::$cookiePath,
            'domain' => static::$domain,
            'secure' => static::$secure,
            'httponly' => static::$httpOnly,
            'samesite' => static::$sameSite,
        ];
    }

    private static function handler(): SessionHandlerInterface
    {
        return self::$handler ??= self::$handlerConfig === null ? new self::$handlerClass() : new self::$handlerClass(self::$handlerConfig);
    }

    /** @param array<mixed> $data */
    public function __unserialize(array $data): void
    {
        $this->isSafe = false;
    }

    public function __destruct()
    {
        if (!$this->isSafe) {
            return;
        }
        try {
            $this->save();
            if (random_int(1, \max(1, static::$gcProbability[1])) <= static::$gcProbability[0]) {
                $this->gc();
            }
        } catch (\Throwable $e) { // there is no callback that could catch it
            Dispatcher::failed($e);
        }
    }
}

Session::init();
