// Placeholder until the first kernel lands.
#ifndef CKERNELS_H
#define CKERNELS_H
#endif
