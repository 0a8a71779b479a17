/**
 * @file
 * The opaque handles of the C API and the objects behind them.
 */
#ifndef WM_WORKER_HANDLES_H
#define WM_WORKER_HANDLES_H

#include "wm/types.h"

namespace wm {

class App;
class Client;
class Worker;

inline wm_app *handle(App *app)
{
    return reinterpret_cast<wm_app *>(app);
}
inline wm_worker *handle(Worker *worker)
{
    return reinterpret_cast<wm_worker *>(worker);
}
inline wm_client *handle(Client *client)
{
    return reinterpret_cast<wm_client *>(client);
}
inline App *object(wm_app *app)
{
    return reinterpret_cast<App *>(app);
}
inline Worker *object(wm_worker *worker)
{
    return reinterpret_cast<Worker *>(worker);
}
inline Client *object(wm_client *client)
{
    return reinterpret_cast<Client *>(client);
}

} // namespace wm

#endif
