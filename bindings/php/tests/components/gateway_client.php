<?php
// A back end with GatewayClient: it pushes to a uid and to a group.
require getenv('WM_TEST_PRELUDE');

use GatewayClient\Gateway;

Gateway::$registerAddress = '127.0.0.1:' . getenv('WM_TEST_PORT');
$online = [Gateway::isUidOnline('ann'), Gateway::isUidOnline('nobody')];
trace('online', ...$online, room: Gateway::getClientIdCountByGroup('room'), all: Gateway::getAllClientIdCount());
Gateway::sendToUid('ann', 'to ann');
Gateway::sendToGroup('room', 'to room');
