<?php
// PHP lets a subclass declare a property again only with the type that it has, or with none if it has none: the trait that Worker uses is the one
// that the program's subclasses fit to.
declare(strict_types=1);

namespace Libwm\Properties;

\class_alias(SubclassStyle::declaresPlain() ? PlainProperties::class : TypedProperties::class, 'Libwm\Properties\WorkerProperties');
