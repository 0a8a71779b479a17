<?php
declare(strict_types=1);

namespace Libwm;

/** Options of a hub: those that the program gives; and what joins the hubs of several machines, where it does not: variables of the environment. */
final class HubOptions
{
    /** Options of libwm's hub that the environment may have. */
    private const TEXTS = ['engine', 'cluster', 'secret_file', 'engine_password', 'engine_password_file', 'engine_tls_ca_file'];
    private const INTEGERS = ['engine_tls_verify'];

    /**
     * @param array<string, mixed> $options
     * @return array<string, int|string>
     */
    public static function checked(array $options): array
    {
        foreach ($options as $name => $value) {
            if (!\is_string($name)) {
                throw new \LogicException("options of the hub have names, as ['engine' => 'redis://10.0.0.5']");
            }
            if (!\is_int($value) && !\is_string($value) && !\is_bool($value)) {
                throw new \LogicException("option $name of the hub is an integer or a text, not " . get_debug_type($value));
            }
            $options[$name] = \is_bool($value) ? (int) $value : $value;
        }
        return $options;
    }

    /** @return array<string, int|string> WM_HUB_ENGINE as engine, and so on */
    public static function ofEnvironment(): array
    {
        $options = [];
        foreach ([...self::TEXTS, ...self::INTEGERS] as $name) {
            $value = getenv('WM_HUB_' . strtoupper($name));
            if ($value !== false && $value !== '') {
                $options[$name] = \in_array($name, self::INTEGERS, true) && ctype_digit($value) ? (int) $value : $value;
            }
        }
        return $options;
    }
}
