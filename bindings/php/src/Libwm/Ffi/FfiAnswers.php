<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Loop\Descriptors;

/** The part of FfiCore that answers requests. */
trait FfiAnswers
{
    public function respond(int $request, int $status, string $headers, string $body): int
    {
        $this->sendBatch();
        return $this->ffi->wm_request_respond($request, $status, $headers, \strlen($headers), $body, \strlen($body), 0);
    }

    public function respondFile(int $request, int $status, string $headers, string $path, int $offset, int $length, bool $conditional): int
    {
        $fd = Descriptors::open($path);
        if ($fd < 0) {
            return $fd;
        }
        $this->sendBatch();
        $flags = $conditional ? 16 : 0; // WM_FILE_CONDITIONAL
        $result = $this->ffi->wm_request_respond_fd($request, $status, $headers, \strlen($headers), $fd, $offset, $length, $flags);
        if ($result < 0) {
            Descriptors::close($fd); // else it is libwm's
        }
        return $result;
    }

    public function beginAnswer(int $request, int $status, string $headers, int $length): int
    {
        $this->sendBatch();
        return $this->ffi->wm_request_respond_begin($request, $status, $headers, \strlen($headers), $length);
    }

    public function writeAnswer(int $request, string $data): int
    {
        return $this->ffi->wm_request_respond_write($request, $data, \strlen($data));
    }

    public function endAnswer(int $request): int
    {
        return $this->ffi->wm_request_respond_end($request);
    }

    public function mediaType(string $path): string
    {
        return $this->ffi->wm_media_type($path);
    }

    public function isHead(int $request): bool
    {
        $length = $this->ffi->new('size_t');
        $method = $this->ffi->new('void *');
        $result = $this->ffi->wm_request_method($request, \FFI::addr($method), \FFI::addr($length));
        return $result === 0 && \FFI::string($this->ffi->cast('char *', $method), $length->cdata) === 'HEAD';
    }

    public function accept(int $request, string $headers): int
    {
        return $this->ffi->wm_handshake_accept($request, $headers, \strlen($headers));
    }

    public function reject(int $request, int $status, string $headers, string $body): int
    {
        return $this->ffi->wm_handshake_reject($request, $status, $headers, \strlen($headers), $body, \strlen($body));
    }
}
