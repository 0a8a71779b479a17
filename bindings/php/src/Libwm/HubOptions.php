<?php
declare(strict_types=1);

namespace Libwm;

/** What joins the hubs of several machines, where the program does not say so: variables of the environment. */
final class HubOptions
{
    /** Options of libwm's hub. */
    private const NAMES = ['engine', 'cluster', 'secret_file', 'engine_password', 'engine_password_file', 'engine_tls_ca_file'];

    /** @return array<string, string> WM_HUB_ENGINE as engine, and so on */
    public static function ofEnvironment(): array
    {
        $options = [];
        foreach (self::NAMES as $name) {
            $value = getenv('WM_HUB_' . strtoupper($name));
            if ($value !== false && $value !== '') {
                $options[$name] = $value;
            }
        }
        return $options;
    }
}
