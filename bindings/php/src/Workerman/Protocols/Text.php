<?php
declare(strict_types=1);

namespace Workerman\Protocols;

/** The protocol of text:// workers: a message is a line, without its end. */
class Text
{
}
