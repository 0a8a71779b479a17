<?php
declare(strict_types=1);

namespace Libwm;

/** The words of a program's command line that are for libwm's master: the program may have others of its own. */
final class CommandLine
{
    private const COMMANDS = ['start', 'stop', 'restart', 'reload', 'status', 'connections', 'help'];
    private const FLAGS = ['-d', '-g', '-q', '-h', '--daemon', '--graceful', '--quiet', '--help', '--json'];
    private const FLAGS_WITH_VALUE = ['--name', '--worker', '--sort', '--uid'];

    /**
     * @param list<string> $words without the program
     * @return list<string> the command first; without a command all words, so that libwm names the one that is wrong
     */
    public static function select(array $words): array
    {
        $command = null;
        $flags = [];
        for ($i = 0; $i < count($words); $i++) {
            $word = $words[$i];
            if (in_array($word, self::COMMANDS, true)) {
                $command ??= $word;
            } elseif (in_array($word, self::FLAGS, true) || in_array(strstr($word, '=', true), self::FLAGS_WITH_VALUE, true)) {
                $flags[] = $word;
            } elseif (in_array($word, self::FLAGS_WITH_VALUE, true)) {
                $flags[] = $word;
                if (isset($words[$i + 1])) {
                    $flags[] = $words[++$i];
                }
            }
        }
        return $command === null ? $words : [$command, ...$flags];
    }
}
