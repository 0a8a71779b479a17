<?php
// Loads the classes without composer: require this file in place of vendor/autoload.php.
declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    foreach (['Libwm\\' => '/src/Libwm/', 'Workerman\\' => '/src/Workerman/'] as $prefix => $directory) {
        if (strncmp($class, $prefix, strlen($prefix)) !== 0) {
            continue;
        }
        $file = __DIR__ . $directory . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
        return;
    }
});

require_once __DIR__ . '/src/compatibility.php';
