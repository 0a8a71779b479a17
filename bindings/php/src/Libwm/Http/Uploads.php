<?php
declare(strict_types=1);

namespace Libwm\Http;

/** The files of a form, in files of their own, which go when the request goes; what the program has moved away stays. */
final class Uploads
{
    private const PIECE = 1048576;

    /** @var list<string> */
    private array $paths = [];
    private int $process;

    public function __construct(private string $directory)
    {
        $this->process = \getmypid(); // a fork has the object, too, and must not remove the files
    }

    /**
     * Writes $length bytes of $buffer from $at on to a file.
     *
     * @return array{string, int} its path, or '', and UPLOAD_ERR_...
     */
    public function store(string $buffer, int $at, int $length): array
    {
        if (!\is_dir($this->directory)) {
            return ['', UPLOAD_ERR_NO_TMP_DIR];
        }
        $path = "$this->directory/workerman.upload." . bin2hex(\random_bytes(8));
        $mask = \umask(0077);
        $file = @\fopen($path, 'xb');
        \umask($mask);
        if ($file === false) {
            return ['', UPLOAD_ERR_CANT_WRITE];
        }
        $this->paths[] = $path;
        $end = $at + $length;
        while ($at < $end && ($wrote = @\fwrite($file, \substr($buffer, $at, \min(self::PIECE, $end - $at)))) > 0) {
            $at += $wrote;
        }
        if (@\fclose($file) && $at === $end) {
            return [$path, UPLOAD_ERR_OK];
        }
        @\unlink(\array_pop($this->paths));
        return ['', UPLOAD_ERR_CANT_WRITE];
    }

    public function __destruct()
    {
        if ($this->paths !== [] && $this->process === \getmypid()) {
            foreach ($this->paths as $path) {
                \is_file($path) && @\unlink($path); // no error of what was moved away: an error handler that throws would end the process
            }
        }
    }

    /** @param array<mixed> $data of a peer, perhaps: names no file */
    public function __unserialize(array $data): void
    {
    }
}
