<?php
declare(strict_types=1);

namespace Libwm;

/** Stands for a part of Workerman that this version does not have, and says so when it is used. */
class NotYet
{
    private string $name;

    public function __construct(mixed ...$arguments)
    {
        $this->name = static::class;
        if (static::class !== self::class) {
            throw self::error($this->name);
        }
        $this->name = (string) ($arguments[0] ?? '');
    }

    public static function error(string $what): \LogicException
    {
        return new \LogicException("$what is not in this version of libwm");
    }

    public function __get(string $name): mixed
    {
        throw self::error("$this->name->$name");
    }

    /** @param array<mixed> $arguments */
    public function __call(string $name, array $arguments): mixed
    {
        throw self::error("$this->name->$name()");
    }

    /** @param array<mixed> $arguments */
    public static function __callStatic(string $name, array $arguments): mixed
    {
        throw self::error(static::class . "::$name()");
    }
}
