<?php
declare(strict_types=1);

namespace Libwm\Http;

use Libwm\Error;

/** Takes the chunks apart that a program has written itself (RFC 9112 §7.1). */
final class ChunkReader
{
    /** Digits of the size of a chunk that is no nonsense. */
    private const LINE_MAX = 4096;

    /** The last chunk has come. */
    public bool $isDone = false;
    /** Bytes that are no whole chunk line yet. */
    private string $rest = '';
    /** Bytes of the current chunk that have not come, and behind them its CRLF. */
    private int $left = 0;

    /** The content in the next bytes; throws Error for what are no chunks. */
    public function read(string $bytes): string
    {
        $data = $this->rest . $bytes;
        $this->rest = $content = '';
        for ($at = 0, $size = \strlen($data); $at < $size && !$this->isDone;) {
            if ($this->left > 2) {
                $taken = \min($this->left - 2, $size - $at);
                $content .= \substr($data, $at, $taken);
                $this->left -= $taken;
                $at += $taken;
            } elseif ($this->left > 0) { // the CRLF behind a chunk
                $this->left--;
                $at++;
            } elseif (($end = \strpos($data, "\r\n", $at)) !== false) {
                $this->begin(\substr($data, $at, $end - $at));
                $at = $end + 2;
            } else {
                $this->rest = \substr($data, $at);
                if (\strlen($this->rest) > self::LINE_MAX) {
                    $this->begin($this->rest);
                }
                break;
            }
        }
        return $content;
    }

    /** $line: what stands before the CRLF of a chunk's size. */
    private function begin(string $line): void
    {
        if (!preg_match('/^([0-9A-Fa-f]{1,8})[ \t]*(;|$)/D', $line, $found)) {
            throw new Error('a response with Transfer-Encoding: chunked was begun, and what is sent is no chunk: it begins with '
                . var_export(\substr($line, 0, 20), true) . '; send Chunk objects, or "SIZE\r\nDATA\r\n" with the size in hexadecimal digits');
        }
        $length = (int) hexdec($found[1]);
        $this->isDone = $length === 0;
        $this->left = $length === 0 ? 0 : $length + 2;
    }
}
