<?php
declare(strict_types=1);

namespace Workerman\Protocols;

use Workerman\Protocols\Http\Response;

/** What programs of Workerman 3 look at beside Http::header(). */
class HttpCache
{
    /** @var array<int, string> reason phrases by status */
    public static array $codes = Response::PHRASES;
    /** @var array<string, string|list<string>> lines that Http::header() has set for the next answer: a copy. Http-Code is the status line */
    public static array $header = [];
}
