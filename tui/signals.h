/* signals: the signals of the event loop as a file descriptor, so that no handler runs and no flag is shared.
 *
 * Must be opened before any thread starts: threads inherit the blocked set, so that the signals come here. Child
 * processes must be given an empty set again by whoever starts them.
 */
#ifndef TUI_SIGNALS_H
#define TUI_SIGNALS_H
#include "store/base.h"

typedef enum SignalEvent { SIGNAL_NONE, SIGNAL_END /* TERM INT HUP */, SIGNAL_SIZE, SIGNAL_STOPPED, SIGNAL_CONTINUED } SignalEvent;
typedef struct Signals Signals;
int signals_open(Signals **out, Err *e);
void signals_close(Signals *s); /* NULL is fine; the previous set is blocked again */
int signals_fd(const Signals *s);
SignalEvent signals_next(Signals *s); /* without waiting */
#endif
