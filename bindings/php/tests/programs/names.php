<?php
// What there is of the classes that are named on the command line, a line each: constants with their values, properties, methods with their parameters.
require getenv('WM_PHP_AUTOLOAD');

foreach (array_slice($argv, 1) as $name) {
    $class = new ReflectionClass($name);
    foreach ($class->getReflectionConstants(ReflectionClassConstant::IS_PUBLIC) as $constant) {
        echo "$name {$constant->getName()} = ", json_encode($constant->getValue()), "\n";
    }
    foreach ($class->getProperties(ReflectionProperty::IS_PUBLIC) as $property) {
        echo "$name ", $property->isStatic() ? 'static ' : '', "\${$property->getName()}\n";
    }
    foreach ($class->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
        $parameters = array_map(static fn (ReflectionParameter $of) => "\${$of->getName()}" . ($of->isOptional() ? '?' : ''), $method->getParameters());
        echo "$name ", $method->isStatic() ? 'static ' : '', "{$method->getName()}(", implode(', ', $parameters), ")\n";
    }
}
