<?php
// A controller of webman that the skeleton is given: an upload, a session, the process that serves.
namespace app\controller;

use support\Request;
use support\Response;

class TrialController
{
    public function upload(Request $request): Response
    {
        $file = $request->file('file');
        $path = runtime_path() . '/' . $file->getUploadName();
        $file->move($path);
        return json([$request->post('name'), $file->getUploadName(), $file->getUploadMimeType(), md5_file($path)]);
    }

    public function visit(Request $request): Response
    {
        $session = $request->session();
        $session->set('visits', $session->get('visits', 0) + 1);
        return json($session->get('visits'));
    }

    public function process(): Response
    {
        return json(getmypid());
    }
}
