<?php
declare(strict_types=1);

namespace Libwm\Ffi;

use Libwm\Loop\Descriptors;

/** The part of FfiCore that reads forms and trailers. */
trait FfiForms
{
    public function formParts(string $type, string $buffer, int $at, int $most): array
    {
        $length = \strlen($buffer) - $at;
        if ($length <= 0 || $most <= 0) {
            return [];
        }
        $parts = $this->ffi->new("wm_part[$most]");
        $words = $this->ffi->cast('int64_t[' . $most * self::PART_WORDS . ']', $parts);
        $names = $this->ffi->new('char[' . self::FORM_NAMES . ']');
        $begin = Descriptors::addressOf($buffer);
        $this->address[0] = $begin + $at;
        $count = $this->ffi->wm_form_parts($type, \strlen($type), $this->pointer, $length, $parts, $most, $names, self::FORM_NAMES);
        $read = [];
        for ($i = 0, $end = $count * self::PART_WORDS; $i < $end; $i += self::PART_WORDS) {
            // name, length | filename, length | type, length | headers, length | data, length | path | size | fd, error
            $read[] = [
                $this->text($words[$i], $words[$i + 1]),
                $words[$i + 2] === 0 ? null : $this->text($words[$i + 2], $words[$i + 3]),
                $this->text($words[$i + 4], $words[$i + 5]),
                $words[$i + 8] - $begin,
                $words[$i + 9],
            ];
        }
        return $read;
    }

    public function trailers(int $request): array
    {
        $slices = $this->ffi->new('uintptr_t[4]');
        $at = $this->ffi->cast('void *[4]', $slices);
        $lengths = $this->ffi->cast('size_t[4]', $slices);
        $trailers = [];
        for ($i = 0;; $i++) {
            $found = $this->ffi->wm_request_trailer_at($request, $i, \FFI::addr($at[0]), \FFI::addr($lengths[1]), \FFI::addr($at[2]),
                \FFI::addr($lengths[3]));
            if ($found !== 1) {
                return $trailers;
            }
            $name = \strtolower($this->text($slices[0], $slices[1]));
            $value = $this->text($slices[2], $slices[3]);
            $trailers[$name] = isset($trailers[$name]) ? "$trailers[$name],$value" : $value;
        }
    }

    private function text(int $address, int $length): string
    {
        if ($length === 0) {
            return '';
        }
        $this->address[0] = $address;
        return \FFI::string($this->pointer, $length);
    }
}
