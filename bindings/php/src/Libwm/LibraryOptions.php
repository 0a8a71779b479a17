<?php
declare(strict_types=1);

namespace Libwm;

/** Options of libwm that Workerman has not, as a context names them: `new Worker($address, ['wm' => ['deflate' => 'shared']])`. */
final class LibraryOptions
{
    /**
     * Those of a context and those that the binding sets, which the context may not set again.
     *
     * @param array<string, array<string, mixed>> $context
     * @param array<string, int|string> $own
     * @return array<string, int|string>
     */
    public static function with(array $context, array $own): array
    {
        $given = $context['wm'] ?? [];
        if (!\is_array($given)) {
            throw new \LogicException("context wm is an array of options, as ['deflate' => 'shared'], not " . get_debug_type($given));
        }
        foreach ($given as $name => $value) {
            if (isset($own[$name])) {
                throw new \LogicException("context wm $name: a property of Workerman's classes, or another context, sets this option");
            }
            if (!\is_int($value) && !\is_string($value) && !\is_bool($value)) {
                throw new \LogicException("context wm $name is an integer or a text, not " . get_debug_type($value));
            }
            $own[$name] = \is_bool($value) ? (int) $value : $value;
        }
        return $own;
    }
}
