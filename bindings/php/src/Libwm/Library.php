<?php
declare(strict_types=1);

namespace Libwm;

/** Finds libwm.so and its declarations, and loads them. */
final class Library
{
    private const NAMES = ['libwm.so', 'libwm.so.0'];

    /** Loads the library, or throws Error that says what to install. */
    public static function load(): \FFI
    {
        if (!extension_loaded('ffi')) {
            throw new Error("libwm needs PHP's FFI extension, which is not loaded: install it (Debian: the package php-common has it; "
                . "Docker: docker-php-ext-install ffi), or add extension=ffi to php.ini");
        }
        $library = self::path();
        $declarations = self::declarations($library);
        try {
            return \FFI::cdef($declarations, $library);
        } catch (\FFI\ParserException $e) {
            throw new Error("the declarations of libwm cannot be read: {$e->getMessage()}");
        } catch (\FFI\Exception $e) {
            $hint = str_contains($e->getMessage(), 'ffi.enable') ? ' (set ffi.enable=1 in php.ini)' : ' (is it libwm, and of this version?)';
            throw new Error("cannot load $library: {$e->getMessage()}$hint");
        }
    }

    /** Path of the library: WM_LIBRARY, then beside this binding, then where pkg-config and the dynamic linker look. */
    public static function path(): string
    {
        $given = getenv('WM_LIBRARY');
        if (is_string($given) && $given !== '') {
            $path = is_dir($given) ? self::in($given) : (is_file($given) ? $given : null);
            return $path ?? throw new Error("WM_LIBRARY names $given, where there is no libwm.so");
        }
        $binding = dirname(__DIR__, 2);
        $prefix = dirname($binding, 3); // of an installed share/wm/php
        $beside = [$binding, "$binding/lib", "$binding/../../build/release/lib", "$binding/../../build/server/lib", "$binding/../../build/dev/lib"];
        if (basename(dirname($binding)) === 'wm') {
            array_push($beside, "$prefix/lib", "$prefix/lib/" . php_uname('m') . '-linux-gnu', "$prefix/lib64");
        }
        foreach ([...$beside, ...self::installed()] as $directory) {
            $path = self::in($directory);
            if ($path !== null) {
                return $path;
            }
        }
        throw new Error('libwm.so was not found: build it (cmake --preset release && cmake --build build/release), install it '
            . '(cmake --install build/release), or set WM_LIBRARY to its path');
    }

    private static function in(string $directory): ?string
    {
        foreach (self::NAMES as $name) {
            if (is_file("$directory/$name")) {
                return realpath("$directory/$name") ?: "$directory/$name";
            }
        }
        return null;
    }

    /** @return iterable<string> */
    private static function installed(): iterable
    {
        foreach (explode(':', (string) getenv('LD_LIBRARY_PATH')) as $directory) {
            if ($directory !== '') {
                yield $directory;
            }
        }
        $searched = array_filter(explode(':', (string) getenv('PKG_CONFIG_PATH')));
        $machine = php_uname('m');
        $prefixes = ['/usr/local/lib', "/usr/local/lib/$machine-linux-gnu", '/usr/lib', "/usr/lib/$machine-linux-gnu", '/usr/lib64'];
        foreach ([...$searched, ...array_map(static fn ($prefix) => "$prefix/pkgconfig", $prefixes)] as $directory) {
            $libdir = self::libdir("$directory/libwm.pc");
            if ($libdir !== null) {
                yield $libdir;
            }
        }
        yield from $prefixes;
    }

    /** The variable libdir of a pkg-config file. */
    private static function libdir(string $file): ?string
    {
        $text = is_file($file) ? (string) file_get_contents($file) : '';
        preg_match_all('/^(\w+)=(.*)$/m', $text, $found, PREG_SET_ORDER);
        $variables = ['pcfiledir' => dirname($file)];
        foreach ($found as [, $name, $value]) {
            $variables[$name] = preg_replace_callback('/\$\{(\w+)\}/', static fn ($m) => $variables[$m[1]] ?? '', trim($value));
        }
        return $variables['libdir'] ?? null;
    }

    private static function declarations(string $library): string
    {
        $given = getenv('WM_CDEF');
        $directory = dirname($library);
        $candidates = is_string($given) && $given !== '' ? [$given] : [
            dirname(__DIR__, 2) . '/wm.cdef.h',
            dirname(__DIR__, 3) . '/cdef/wm.cdef.h',
            dirname(__DIR__, 3) . '/wm.cdef.h',
            "$directory/../share/wm/wm.cdef.h",
            "$directory/../../share/wm/wm.cdef.h",
            "$directory/wm.cdef.h",
            "$directory/../../../bindings/cdef/wm.cdef.h", // of a build tree
        ];
        foreach ($candidates as $path) {
            if (is_file($path)) {
                return (string) file_get_contents($path);
            }
        }
        throw new Error('wm.cdef.h, the declarations of libwm, was not found; looked at ' . implode(', ', $candidates));
    }
}
