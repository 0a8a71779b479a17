<?php
declare(strict_types=1);

namespace Libwm\Http;

use Libwm\Core;
use Workerman\Protocols\Http\Chunk;
use Workerman\Protocols\Http\Response;
use Workerman\Protocols\Http\ServerSentEvents;

/** A response that has begun, and that a program goes on to send. */
final class HttpStream
{
    public bool $isDone = false;
    /** Its last part was not taken, so that it cannot end. */
    public bool $isCut = false;
    private ?ChunkReader $chunks = null;

    /**
     * @param int $framing of Response::framing(): what the program frames its parts with
     * @param int $left bytes of an announced length that have not been sent; below 0: none was announced
     */
    public function __construct(private Core $core, private int $request, private int $framing, private int $left)
    {
    }

    /** Sends what the head of the response has come with. */
    public function begin(string $body, bool $raw): int
    {
        return $raw && $this->framing === Response::CHUNKS ? (int) $this->send($body, true) : $this->write($body, false);
    }

    /** Sends a part. @return int|null as Core::send(); null: it is none of this response */
    public function send(mixed $part, bool $raw): ?int
    {
        if ($part instanceof Chunk) {
            return $this->write($part->wmData(), $part->wmData() === '');
        }
        if ($part instanceof ServerSentEvents) {
            return $this->write((string) $part, false);
        }
        if (!$raw) {
            return null;
        }
        if ($this->framing !== Response::CHUNKS) {
            return $this->write((string) $part, false);
        }
        $this->chunks ??= new ChunkReader();
        return $this->write($this->chunks->read((string) $part), $this->chunks->isDone);
    }

    private function write(string $content, bool $isLast): int
    {
        if ($this->left >= 0) {
            $content = \substr($content, 0, $this->left);
        }
        $result = $content === '' ? 0 : $this->core->writeAnswer($this->request, $content);
        if ($result >= 0 && $this->left >= 0) {
            $this->left -= \strlen($content);
            $isLast = $isLast || $this->left === 0;
        }
        if ($isLast && $result >= 0) {
            $this->end();
        }
        $this->isCut = $isLast && $result < 0;
        return $result;
    }

    /** The connection is about to close: ends what the close would end, too. What is cut off stays cut off, so that it does not look whole. */
    public function close(): void
    {
        if ($this->framing === Response::UNTIL_CLOSE && !$this->isDone) {
            $this->end();
        }
    }

    private function end(): void
    {
        $this->isDone = true;
        $this->core->endAnswer($this->request);
    }
}
