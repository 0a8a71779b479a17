<?php
declare(strict_types=1);

namespace Libwm\Http;

use Libwm\Runtime;

/** The fields and files of a body of multipart/form-data (RFC 7578). A body that breaks the rules, or has too many parts, has none. */
final class MultipartForm
{
    /** @var array<mixed> values by name; names nest as PHP's do */
    public array $fields = [];
    /** @var array<mixed> in the place of values: name, full_path, type, tmp_name, size, error */
    public array $files = [];
    private ?Uploads $uploads = null;

    /**
     * @param string $buffer the request, whose body begins at $at
     * @param int $most parts that it may have
     */
    public function __construct(string $type, string $buffer, int $at, int $most, private string $directory)
    {
        $fields = $files = [];
        foreach (Runtime::core()->formParts($type, $buffer, $at, $most) as [$name, $filename, $partType, $begin, $length]) {
            if ($filename === null) {
                $fields[] = [$name, \substr($buffer, $begin, $length)];
            } else {
                $files[] = [$name, $this->file($filename, $partType, $buffer, $begin, $length)];
            }
        }
        $this->fields = self::nest($fields);
        $this->files = self::nest($files);
    }

    /** @return array<string, mixed> */
    private function file(string $filename, string $type, string $buffer, int $at, int $length): array
    {
        [$path, $error] = ['', UPLOAD_ERR_NO_FILE];
        if ($filename !== '' || $length > 0) {
            $this->uploads ??= new Uploads($this->directory);
            [$path, $error] = $this->uploads->store($buffer, $at, $length);
        }
        return [
            'name' => \substr($filename, (int) \strrpos('/' . \strtr($filename, '\\', '/'), '/')), // no directories, as PHP has it
            'tmp_name' => $path, 'size' => $length, 'error' => $error, 'full_path' => $filename, 'type' => $type,
        ];
    }

    /**
     * Arranges values by names such as a[] and a[b].
     *
     * @param list<array{string, mixed}> $pairs
     * @return array<mixed>
     */
    private static function nest(array $pairs): array
    {
        $query = '';
        foreach ($pairs as $number => [$name]) {
            $query .= urlencode($name) . "=$number&";
        }
        @\parse_str($query, $nested); // warns of more than max_input_vars, which a peer may send
        \array_walk_recursive($nested, static function (mixed &$value) use ($pairs): void {
            $value = $pairs[(int) $value][1];
        });
        return $nested;
    }
}
