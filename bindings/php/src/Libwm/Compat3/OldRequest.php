<?php
declare(strict_types=1);

namespace Libwm\Compat3;

use Workerman\Protocols\Http\Request;

/**
 * A request that is also the array which onMessage had in Workerman 3: get, post, cookie, server and files.
 *
 * @implements \ArrayAccess<string, array<mixed>>
 * @implements \IteratorAggregate<string, array<mixed>>
 */
final class OldRequest extends Request implements \ArrayAccess, \IteratorAggregate, \Countable, \JsonSerializable
{
    /** @var array<string, array<mixed>> */
    private array $wmParts = [];

    /**
     * @internal
     * @param array<string, array<mixed>> $parts
     */
    public function wmFill(array $parts): void
    {
        $this->wmParts = $parts;
    }

    public function offsetExists(mixed $offset): bool
    {
        return isset($this->wmParts[$offset]);
    }

    public function offsetGet(mixed $offset): mixed
    {
        return $this->wmParts[$offset] ?? null;
    }

    public function offsetSet(mixed $offset, mixed $value): void
    {
        $offset === null ? $this->wmParts[] = $value : $this->wmParts[$offset] = $value;
    }

    public function offsetUnset(mixed $offset): void
    {
        unset($this->wmParts[$offset]);
    }

    public function getIterator(): \Iterator
    {
        return new \ArrayIterator($this->wmParts);
    }

    public function count(): int
    {
        return \count($this->wmParts);
    }

    /** @return array<string, array<mixed>> */
    public function jsonSerialize(): array
    {
        return $this->wmParts;
    }
}
