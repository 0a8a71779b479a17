<?php
/**
 * What every program of the suite begins with: the classes, an error handler that reports every warning and deprecation to the
 * driver, and the ways to tell the driver something.
 *
 * The driver's variables: WM_TEST_PORT, WM_TEST_PORT_2, ... free ports; WM_TEST_TRACE the file that trace() appends to.
 */

error_reporting(E_ALL);
set_error_handler(function (int $level, string $text, string $file, int $line): bool {
    if (error_reporting() & $level) {
        trace('php-error', $level, $text, "$file:$line");
    }
    return true;
});

require getenv('WM_PHP_AUTOLOAD') ?: __DIR__ . '/../../autoload.php';

/** One line of JSON for the driver: [event, pid, details...]. */
function trace(string $event, mixed ...$details): void
{
    $line = json_encode([$event, posix_getpid(), ...array_values($details)], JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
    file_put_contents(getenv('WM_TEST_TRACE'), $line . "\n", FILE_APPEND);
}

/** An address on a port of the driver's. */
function address(string $scheme, int $number = 1): string
{
    return "$scheme://127.0.0.1:" . getenv('WM_TEST_PORT' . ($number > 1 ? "_$number" : ''));
}

/** Tells the driver that this process serves, and under which master. */
function ready(mixed ...$details): void
{
    trace('ready', ...$details, master: posix_getppid());
}
