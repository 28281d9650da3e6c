#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

/// Calls of malloc and its relatives by the whole process so far. Linking this target puts a counter before the C
/// library's own functions.
long allocation_count(void);

#endif
