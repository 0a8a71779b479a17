<?php
declare(strict_types=1);

namespace Libwm\Loop;

use Libwm\Error;

/** The file descriptor of a stream, which PHP does not tell: by the functions that its executable exports for extensions. */
final class StreamDescriptor
{
    /** php_stream_cast(): as for select(2), and without a look at what the stream has buffered. */
    private const AS_FD_FOR_SELECT = 3;
    private const CAST_INTERNAL = 0x20000000;

    private const DECLARATIONS = '
        void *zend_get_executed_scope(void);
        void *zend_read_static_property(void *scope, const char *name, size_t length, bool silent);
        int php_file_le_stream(void);
        int php_file_le_pstream(void);
        void *zend_fetch_resource2_ex(void *value, const char *name, int type, int other_type);
        int _php_stream_cast(void *stream, int as, void *descriptor, int show_error);';

    private static ?\FFI $php = null;
    /** The stream that is asked about: C reads it here. */
    private static mixed $stream = null;

    /** @param resource|\Socket $stream of a file, a socket, a pipe ... that is open */
    public static function of(mixed $stream): int
    {
        if ($stream instanceof \Socket) {
            $stream = socket_export_stream($stream) ?: throw new Error('the socket has no descriptor: is it closed?');
        }
        if (!is_resource($stream) || get_resource_type($stream) !== 'stream') {
            throw new \TypeError('the loop watches open streams and sockets, not ' . get_debug_type($stream));
        }
        $php = self::$php ??= self::load();
        self::$stream = $stream;
        try {
            // The executed scope is this class, whose property C reads.
            $value = $php->zend_read_static_property($php->zend_get_executed_scope(), 'stream', \strlen('stream'), true);
            $object = $php->zend_fetch_resource2_ex($value, null, $php->php_file_le_stream(), $php->php_file_le_pstream());
            $descriptor = $php->new('int');
            $as = self::AS_FD_FOR_SELECT | self::CAST_INTERNAL;
            if ($object === null || $php->_php_stream_cast($object, $as, \FFI::addr($descriptor), 0) !== 0) {
                $type = stream_get_meta_data($stream)['stream_type'];
                throw new Error("the stream has no descriptor that a loop can watch: its type is $type");
            }
            return $descriptor->cdata;
        } finally {
            self::$stream = null;
        }
    }

    private static function load(): \FFI
    {
        try {
            return \FFI::cdef(self::DECLARATIONS);
        } catch (\FFI\Exception $e) {
            throw new Error("streams cannot be watched by this PHP, which does not export its functions: {$e->getMessage()}");
        }
    }
}
