<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Libwm\Error;
use Libwm\NotYet;

/**
 * Options `ssl` of a context of PHP's streams, as options of libwm. What libwm does not have, and what would make a difference to whom
 * one trusts, is refused by name.
 */
final class TlsOptions
{
    /** @var array<string, string> paths of files of memory, which live as long as the process, by passphrase */
    private static array $passphrases = [];

    /**
     * @param array<string, mixed> $ssl
     * @return array<string, int|string>
     */
    public static function ofServer(array $ssl): array
    {
        $named = $ssl['SNI_server_certs'] ?? [];
        if (!isset($ssl['local_cert']) && $named === []) {
            throw new \LogicException("context ssl has no local_cert: a worker over TLS needs one, as in "
                . "['ssl' => ['local_cert' => '/path/cert.pem', 'local_pk' => '/path/key.pem']]");
        }
        $options = ['transport' => 'ssl'] + self::common($ssl);
        if (!empty($ssl['verify_peer'])) {
            if (!isset($ssl['cafile'])) {
                throw new \LogicException('context ssl has verify_peer, which asks clients for certificates, but no cafile that they come from');
            }
            if (!empty($ssl['allow_self_signed'])) {
                throw NotYet::error('context ssl allow_self_signed for certificates of clients (put them into cafile)');
            }
            $options['tls_verify'] = 1;
        } else {
            unset($options['tls_ca']);
        }
        return $options;
    }

    /**
     * @param array<string, mixed> $ssl
     * @return array<string, int|string>
     */
    public static function ofClient(array $ssl): array
    {
        $options = ['transport' => 'ssl'] + self::common($ssl);
        $name = $ssl['peer_name'] ?? $ssl['SNI_server_name'] ?? null;
        if ($name !== null) {
            $options['tls_server_name'] = (string) $name;
        }
        if (!($ssl['verify_peer'] ?? true)) {
            $options['tls_verify'] = 0;
        } elseif (!empty($ssl['allow_self_signed'])) {
            throw NotYet::error('context ssl allow_self_signed with verify_peer (name the certificate as cafile, or set verify_peer to false)');
        } elseif (!($ssl['verify_peer_name'] ?? true)) {
            throw NotYet::error("context ssl verify_peer_name false with verify_peer (name the server as peer_name, or set verify_peer to false)");
        }
        return $options;
    }

    /**
     * SNI_server_certs.
     *
     * @param array<string, mixed> $ssl
     * @return list<array{string, string, ?string}> server name, path of the certificate, path of its key
     */
    public static function certificatesByName(array $ssl): array
    {
        $certificates = [];
        foreach ((array) ($ssl['SNI_server_certs'] ?? []) as $name => $files) {
            [$certificate, $key] = \is_array($files) ? [$files['local_cert'] ?? '', $files['local_pk'] ?? null] : [$files, null];
            self::readable("SNI_server_certs '$name'", $certificate);
            if ($key !== null) {
                self::readable("SNI_server_certs '$name' local_pk", $key);
            }
            $certificates[] = [(string) $name, $certificate, $key];
        }
        return $certificates;
    }

    /**
     * @param array<string, mixed> $ssl
     * @return array<string, string>
     */
    private static function common(array $ssl): array
    {
        foreach (['capath', 'peer_fingerprint', 'verify_depth'] as $option) {
            if (isset($ssl[$option])) {
                throw NotYet::error("context ssl $option");
            }
        }
        $options = [];
        foreach (['local_cert' => 'tls_cert', 'local_pk' => 'tls_key', 'cafile' => 'tls_ca'] as $option => $ours) {
            if (isset($ssl[$option])) {
                self::readable($option, $ssl[$option]);
                $options[$ours] = $ssl[$option];
            }
        }
        foreach (['ciphers' => 'tls_ciphers', 'alpn_protocols' => 'tls_alpn'] as $option => $ours) {
            if (isset($ssl[$option])) {
                $options[$ours] = (string) $ssl[$option];
            }
        }
        if (($ssl['passphrase'] ?? '') !== '') {
            $options['tls_passphrase_file'] = self::passphraseFile((string) $ssl['passphrase']);
        }
        return $options;
    }

    private static function readable(string $option, mixed $path): void
    {
        if (!\is_string($path) || !is_file($path) || !is_readable($path)) {
            $shown = \is_string($path) ? "'$path', which is no file that this process can read" : get_debug_type($path) . ', and no path';
            throw new \LogicException("context ssl $option is $shown");
        }
    }

    /** libwm reads passphrases from files: this one is in memory only, and no program that the process starts gets it. */
    private static function passphraseFile(string $passphrase): string
    {
        if (!isset(self::$passphrases[$passphrase])) {
            $system = \FFI::cdef('int memfd_create(const char *name, unsigned int flags);');
            $descriptor = $system->memfd_create('passphrase', 1); // MFD_CLOEXEC
            if ($descriptor < 0 || file_put_contents("php://fd/$descriptor", "$passphrase\n") === false) {
                throw new Error('context ssl passphrase: no file of memory can be made for it');
            }
            self::$passphrases[$passphrase] = "/proc/self/fd/$descriptor";
        }
        return self::$passphrases[$passphrase];
    }
}
