/**
 * @file
 * The version of the library and of its ABI.
 */
#ifndef WM_VERSION_H
#define WM_VERSION_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the headers. @since 0.1.0 */
#define WM_VERSION "0.1.0"

/** The version of the loaded library, for instance "0.1.0". Static. Any thread. @since 0.1.0 */
WM_API const char *wm_version(void);

/**
 * The version of the library's ABI: a program that was built for a number runs with every library of that
 * number. Any thread.
 *
 * @since 0.1.0
 */
WM_API uint32_t wm_abi_version(void);

#ifdef __cplusplus
}
#endif

#endif
