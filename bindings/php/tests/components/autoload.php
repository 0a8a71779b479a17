<?php
// The vendor/autoload.php of a trial: libwm's classes (with WM_WORKERMAN Workerman's), and those of the components beside it, by their composer.json.
declare(strict_types=1);

(static function (): void {
    $prefixes = $files = [];
    foreach ([dirname(__DIR__) . '/composer.json', ...glob(__DIR__ . '/*/*/composer.json')] as $description) {
        $autoload = is_file($description) ? json_decode((string) file_get_contents($description), true)['autoload'] ?? [] : [];
        foreach ($autoload['psr-4'] ?? [] as $prefix => $paths) {
            foreach ((array) $paths as $path) {
                $prefixes[$prefix][] = rtrim(dirname($description) . "/$path", '/');
            }
        }
        foreach ($autoload['files'] ?? [] as $file) {
            $files[] = dirname($description) . "/$file";
        }
    }
    if (!is_dir(__DIR__ . '/workerman/workerman')) {
        require getenv('WM_PHP_BINDING');
    }
    krsort($prefixes);
    spl_autoload_register(static function (string $class) use ($prefixes): void {
        foreach ($prefixes as $prefix => $directories) {
            foreach ($prefix === '' || str_starts_with($class, $prefix) ? $directories : [] as $directory) {
                $file = "$directory/" . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
                if (is_file($file)) {
                    require_once $file;
                    return;
                }
            }
        }
    });
    foreach ($files as $file) {
        require_once $file;
    }
})();
