/**
 * @file
 * The opaque handles of the C API and the objects behind them.
 */
#ifndef WM_WORKER_HANDLES_H
#define WM_WORKER_HANDLES_H

#include "wm/types.h"

namespace wm {

class App;
class Worker;

inline wm_app *handle(App *app)
{
    return reinterpret_cast<wm_app *>(app);
}
inline wm_worker *handle(Worker *worker)
{
    return reinterpret_cast<wm_worker *>(worker);
}
inline App *object(wm_app *app)
{
    return reinterpret_cast<App *>(app);
}
inline Worker *object(wm_worker *worker)
{
    return reinterpret_cast<Worker *>(worker);
}

} // namespace wm

#endif
