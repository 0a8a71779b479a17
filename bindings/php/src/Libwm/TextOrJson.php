<?php
declare(strict_types=1);

namespace Libwm;

/** What is sent where messages are text: scalars and what can be a string as that, all else as JSON. */
final class TextOrJson
{
    public static function of(mixed $data): string
    {
        return \is_scalar($data) || $data instanceof \Stringable ? (string) $data : (string) json_encode($data, JSON_UNESCAPED_UNICODE);
    }
}
