<?php
// Prints as JSON what code.php beside it returns.
require getenv('WM_TEST_PRELUDE');

$value = require __DIR__ . '/code.php';
echo json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
