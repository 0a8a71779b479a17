<?php
// The back-end code of the client's page, as it is there; the test puts in the port that the server got.
// 建立socket連接到內部推送端口
$client = stream_socket_client('tcp://127.0.0.1:5678', $errno, $errmsg, 1);
// 推送的數據，包含uid字段，表示是給這個uid推送
$data = array('uid'=>'uid1', 'percent'=>'88%');
// 發送數據，注意5678端口是Text協議的端口，Text協議需要在數據末尾加上換行符
fwrite($client, json_encode($data)."\n");
// 讀取推送結果
echo fread($client, 8192);
