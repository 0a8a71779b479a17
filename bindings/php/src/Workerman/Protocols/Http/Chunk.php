<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

/** A piece of a response that has Transfer-Encoding: chunked; the empty one ends it. */
class Chunk implements \Stringable
{
    public function __construct(protected string $buffer)
    {
    }

    /** @internal what it carries */
    public function wmData(): string
    {
        return $this->buffer;
    }

    /** As RFC 9112 §7.1 has it. */
    public function __toString(): string
    {
        return dechex(\strlen($this->buffer)) . "\r\n$this->buffer\r\n";
    }
}
