<?php
declare(strict_types=1);

namespace Workerman\Protocols\Http;

/** An event of a response whose Content-Type is text/event-stream (WHATWG HTML §9.2). */
class ServerSentEvents implements \Stringable
{
    /** @param array<string, mixed> $data of 'event', 'id', 'retry' (milliseconds), 'data', and '' for a comment, those that it has */
    public function __construct(protected array $data)
    {
    }

    /** The lines of the event. A CR or LF in data or a comment begins another line of it; elsewhere it would begin another field, and is left out. */
    public function __toString(): string
    {
        $lines = isset($this->data['']) ? self::lines(': ', $this->data['']) : '';
        foreach (['event', 'id', 'retry'] as $name) {
            if (isset($this->data[$name])) {
                $lines .= "$name: " . str_replace(["\r", "\n", "\0"], '', (string) $this->data[$name]) . "\n";
            }
        }
        return $lines . (isset($this->data['data']) ? self::lines('data: ', $this->data['data']) : '') . "\n";
    }

    private static function lines(string $prefix, mixed $text): string
    {
        return $prefix . str_replace("\n", "\n$prefix", str_replace(["\r\n", "\r"], "\n", (string) $text)) . "\n";
    }
}
