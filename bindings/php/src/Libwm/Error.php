<?php
declare(strict_types=1);

namespace Libwm;

/** An error of the library; the code is WM_E... of wm/error.h. */
class Error extends \RuntimeException
{
}
