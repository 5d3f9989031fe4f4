/*
 * NCCL's C interface and the part of the CUDA runtime that it needs, on host memory, for tests.
 *
 * Ranks are threads of one process, each with a card of its own; "cards" are numbers. A stream is a
 * thread that does its work in order, so that enqueued work returns at once. Communicators are
 * non-blocking, as ours are: a call returns ncclInProgress and a thread finishes it. Arguments are
 * checked as NCCL does with NCCL_CHECK_POINTERS=1, and a little more: ids, counts and types of all
 * ranks must agree. A rank that aborts wakes its own stream alone; the others wait until they abort.
 * Sums are taken in the order of a ring, which NCCL itself does not promise.
 *
 * fake_* functions are for tests. Handles are never freed, so that one used too late is found.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OK = 0, CUDA_FAILED = 1, INTERNAL = 3, ARGUMENT = 4, USAGE = 5, REMOTE = 6, IN_PROGRESS = 7 };
enum { CUDA_INVALID_VALUE = 1, CUDA_NO_MEMORY = 2, CUDA_NO_DEVICE = 100, CUDA_INVALID_DEVICE = 101,
       CUDA_INVALID_HANDLE = 400, CUDA_NOT_READY = 600 };
enum { ALL_REDUCE, REDUCE_SCATTER, ALL_GATHER, BROADCAST };
enum { F16 = 6, F32 = 7, F64 = 8, BF16 = 9, TYPES = 12 };
enum { MAX_CARDS = 8, MAX_RANKS = 8, MAX_GROUP = 64, LIVE = 0x11fe, GONE = 0xdead };

static const char* const CALLS[] = {"AllReduce", "ReduceScatter", "AllGather", "Broadcast"};
static const size_t CARD_BYTES = (size_t)80 << 30;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char last_error[1024] = "";
static int cards = MAX_CARDS;
static int version = 22602;
static size_t allocated[MAX_CARDS];
static int live_streams, live_events, live_comms, live_memory;
static __thread int current;

static int failed(int result, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(last_error, sizeof last_error, format, arguments);
  va_end(arguments);
  return result;
}

static void detached(void* (*run)(void*), void* argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run, argument) != 0) abort();
  pthread_detach(thread);
}

/* ---- The CUDA runtime: streams and events ---- */

struct task {
  void (*run)(void*);
  void* argument;
  struct task* next;
};

typedef struct stream {
  int magic, card, busy, closing;
  struct task *first, *last;
} stream;

typedef struct event {
  int magic, card;
  long recorded, come;
  struct timespec at;
} event;

static stream* defaults[MAX_CARDS];

static void* stream_main(void* argument) {
  stream* self = argument;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (self->first == NULL && !self->closing) pthread_cond_wait(&changed, &lock);
    if (self->first == NULL) break;
    struct task* task = self->first;
    self->first = task->next;
    if (self->first == NULL) self->last = NULL;
    self->busy = 1;
    task->run(task->argument); /* with the lock; may wait on changed */
    free(task);
    self->busy = 0;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  return NULL;
}

static stream* new_stream(int card) {
  stream* made = calloc(1, sizeof *made);
  made->magic = LIVE;
  made->card = card;
  detached(stream_main, made);
  return made;
}

static void push(stream* to, void (*run)(void*), void* argument) {
  struct task* task = calloc(1, sizeof *task);
  task->run = run;
  task->argument = argument;
  if (to->last == NULL) to->first = task;
  else to->last->next = task;
  to->last = task;
  pthread_cond_broadcast(&changed);
}

/* The stream behind a handle; NULL where it is not one that is open. */
static stream* stream_of(void* handle) {
  if (handle == NULL) {
    if (defaults[current] == NULL) defaults[current] = new_stream(current);
    return defaults[current];
  }
  stream* found = handle;
  return found->magic == LIVE ? found : NULL;
}

int cudaGetDeviceCount(int* count) {
  *count = cards;
  return cards == 0 ? CUDA_NO_DEVICE : 0;
}

int cudaSetDevice(int card) {
  if (card < 0 || card >= cards) return CUDA_INVALID_DEVICE;
  current = card;
  return 0;
}

const char* cudaGetErrorString(int error) {
  switch (error) {
    case 0: return "no error";
    case CUDA_INVALID_VALUE: return "invalid argument";
    case CUDA_NO_MEMORY: return "out of memory";
    case CUDA_NO_DEVICE: return "no CUDA-capable device is detected";
    case CUDA_INVALID_DEVICE: return "invalid device ordinal";
    case CUDA_INVALID_HANDLE: return "invalid resource handle";
    case CUDA_NOT_READY: return "device not ready";
    default: return "unrecognized error code";
  }
}

int cudaMemGetInfo(size_t* free_bytes, size_t* total) {
  pthread_mutex_lock(&lock);
  *total = CARD_BYTES;
  *free_bytes = CARD_BYTES - allocated[current];
  pthread_mutex_unlock(&lock);
  return 0;
}

struct block {
  size_t bytes;
  long card; /* -1: pinned host memory */
};

static int allocate(void** address, size_t bytes, int card) {
  if (address == NULL) return CUDA_INVALID_VALUE;
  pthread_mutex_lock(&lock);
  int full = card >= 0 && allocated[card] + bytes > CARD_BYTES;
  struct block* block = full ? NULL : malloc(sizeof *block + bytes);
  if (block != NULL) {
    block->bytes = bytes;
    block->card = card;
    if (card >= 0) allocated[card] += bytes;
    live_memory++;
    *address = block + 1;
  }
  pthread_mutex_unlock(&lock);
  return block == NULL ? CUDA_NO_MEMORY : 0;
}

static int release(void* address, int pinned) {
  struct block* block = (struct block*)address - 1;
  if ((block->card < 0) != pinned) return CUDA_INVALID_VALUE;
  pthread_mutex_lock(&lock);
  if (!pinned) allocated[block->card] -= block->bytes;
  live_memory--;
  pthread_mutex_unlock(&lock);
  free(block);
  return 0;
}

int cudaMalloc(void** address, size_t bytes) { return allocate(address, bytes, current); }
int cudaFree(void* address) { return release(address, 0); }
int cudaHostAlloc(void** address, size_t bytes, unsigned flags) {
  return flags != 0 ? CUDA_INVALID_VALUE : allocate(address, bytes, -1);
}
int cudaFreeHost(void* address) { return release(address, 1); }

int cudaStreamCreateWithFlags(void** handle, unsigned flags) {
  if (handle == NULL || flags > 1) return CUDA_INVALID_VALUE;
  if (cards == 0) return CUDA_NO_DEVICE;
  pthread_mutex_lock(&lock);
  *handle = new_stream(current);
  live_streams++;
  pthread_mutex_unlock(&lock);
  return 0;
}

int cudaStreamDestroy(void* handle) {
  pthread_mutex_lock(&lock);
  stream* self = handle == NULL ? NULL : stream_of(handle);
  if (self != NULL) {
    self->magic = GONE;
    self->closing = 1;
    live_streams--;
    pthread_cond_broadcast(&changed);
  }
  pthread_mutex_unlock(&lock);
  return self == NULL ? CUDA_INVALID_HANDLE : 0;
}

int cudaStreamQuery(void* handle) {
  pthread_mutex_lock(&lock);
  stream* self = stream_of(handle);
  int result = self == NULL ? CUDA_INVALID_HANDLE
               : self->busy || self->first != NULL ? CUDA_NOT_READY : 0;
  pthread_mutex_unlock(&lock);
  return result;
}

int cudaStreamSynchronize(void* handle) {
  pthread_mutex_lock(&lock);
  stream* self = stream_of(handle);
  while (self != NULL && (self->busy || self->first != NULL)) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  return self == NULL ? CUDA_INVALID_HANDLE : 0;
}

int cudaEventCreateWithFlags(void** handle, unsigned flags) {
  if (handle == NULL || (flags & ~3u) != 0) return CUDA_INVALID_VALUE;
  event* made = calloc(1, sizeof *made);
  made->magic = LIVE;
  made->card = current;
  *handle = made;
  pthread_mutex_lock(&lock);
  live_events++;
  pthread_mutex_unlock(&lock);
  return 0;
}

int cudaEventDestroy(void* handle) {
  event* self = handle;
  if (self == NULL || self->magic != LIVE) return CUDA_INVALID_HANDLE;
  pthread_mutex_lock(&lock);
  self->magic = GONE;
  live_events--;
  pthread_mutex_unlock(&lock);
  return 0;
}

static void come(void* argument) {
  event* self = argument;
  self->come++;
  clock_gettime(CLOCK_MONOTONIC, &self->at);
  pthread_cond_broadcast(&changed);
}

int cudaEventRecord(void* handle, void* on) {
  event* self = handle;
  pthread_mutex_lock(&lock);
  stream* to = stream_of(on);
  int wrong = self == NULL || self->magic != LIVE || to == NULL || to->card != self->card;
  if (!wrong) {
    self->recorded++;
    push(to, come, self);
  }
  pthread_mutex_unlock(&lock);
  return wrong ? CUDA_INVALID_HANDLE : 0;
}

int cudaEventQuery(void* handle) {
  event* self = handle;
  if (self == NULL || self->magic != LIVE) return CUDA_INVALID_HANDLE;
  pthread_mutex_lock(&lock);
  int result = self->come < self->recorded ? CUDA_NOT_READY : 0;
  pthread_mutex_unlock(&lock);
  return result;
}

int cudaEventSynchronize(void* handle) {
  event* self = handle;
  if (self == NULL || self->magic != LIVE) return CUDA_INVALID_HANDLE;
  pthread_mutex_lock(&lock);
  long wanted = self->recorded;
  while (self->come < wanted) pthread_cond_wait(&changed, &lock);
  pthread_mutex_unlock(&lock);
  return 0;
}

int cudaEventElapsedTime(float* millis, void* start, void* end) {
  event *from = start, *to = end;
  if (from == NULL || to == NULL || from->magic != LIVE || to->magic != LIVE) return CUDA_INVALID_HANDLE;
  pthread_mutex_lock(&lock);
  int ready = from->recorded > 0 && to->recorded > 0 && from->come == from->recorded && to->come == to->recorded;
  *millis = (float)((to->at.tv_sec - from->at.tv_sec) * 1e3 + (to->at.tv_nsec - from->at.tv_nsec) / 1e6);
  pthread_mutex_unlock(&lock);
  return ready ? 0 : CUDA_NOT_READY;
}

struct awaited {
  event* event;
  long wanted;
};

static void await_event(void* argument) {
  struct awaited* self = argument;
  while (self->event->come < self->wanted) pthread_cond_wait(&changed, &lock);
  free(self);
}

int cudaStreamWaitEvent(void* handle, void* what, unsigned flags) {
  event* awaited = what;
  if (awaited == NULL || awaited->magic != LIVE) return CUDA_INVALID_HANDLE;
  if (flags != 0) return CUDA_INVALID_VALUE;
  pthread_mutex_lock(&lock);
  stream* self = stream_of(handle);
  if (self != NULL) {
    struct awaited* wait = malloc(sizeof *wait);
    *wait = (struct awaited){awaited, awaited->recorded};
    push(self, await_event, wait);
  }
  pthread_mutex_unlock(&lock);
  return self == NULL ? CUDA_INVALID_HANDLE : 0;
}

struct copying {
  void* to;
  const void* from;
  size_t bytes;
};

static void copy(void* argument) {
  struct copying* self = argument;
  memmove(self->to, self->from, self->bytes);
  free(self);
}

int cudaMemcpyAsync(void* to, const void* from, size_t bytes, int kind, void* handle) {
  if ((bytes > 0 && (to == NULL || from == NULL)) || kind < 0 || kind > 4) return CUDA_INVALID_VALUE;
  pthread_mutex_lock(&lock);
  stream* self = stream_of(handle);
  if (self != NULL) {
    struct copying* work = malloc(sizeof *work);
    *work = (struct copying){to, from, bytes};
    push(self, copy, work);
  }
  pthread_mutex_unlock(&lock);
  return self == NULL ? CUDA_INVALID_HANDLE : 0;
}

/* ---- Communicators ---- */

typedef struct { char internal[128]; } ncclUniqueId;

struct comm;

/* One call of one rank, and where it meets those of the others. */
struct call {
  struct comm* comm;
  int what, type, op, root;
  long number;
  size_t count;
  const void* send;
  void* receive;
  stream* on;
};

struct meeting {
  long number;
  int arrived, left, done;
  struct call* calls[MAX_RANKS];
  struct meeting* next;
};

struct group {
  ncclUniqueId id;
  int ranks, joined, connected;
  struct comm* members[MAX_RANKS];
  struct meeting* meetings;
  struct group* next;
};

typedef struct comm {
  int magic, rank, card, state, aborted, finishing, running;
  long calls;
  struct group* group;
} comm;

struct config {
  size_t size;
  unsigned magic, version;
  int blocking;
};

static struct group* groups;
static __thread int depth, pending_error, pending_count;
static __thread struct call* pending[MAX_GROUP];

const char* ncclGetErrorString(int result) {
  switch (result) {
    case OK: return "no error";
    case CUDA_FAILED: return "unhandled cuda error (run with NCCL_DEBUG=INFO for details)";
    case INTERNAL: return "internal error - please report this issue to the NCCL developers";
    case ARGUMENT: return "invalid argument (run with NCCL_DEBUG=WARN for details)";
    case USAGE: return "invalid usage (run with NCCL_DEBUG=WARN for details)";
    case REMOTE: return "remote process exited or there was a network error";
    case IN_PROGRESS: return "NCCL operation in progress";
    default: return "unknown result code";
  }
}

const char* ncclGetLastError(comm* unused) {
  (void)unused;
  return last_error;
}

int ncclGetVersion(int* out) {
  if (out == NULL) return failed(ARGUMENT, "GetVersion : version argument is NULL");
  *out = version;
  return OK;
}

int ncclGetUniqueId(ncclUniqueId* out) {
  static long counter;
  if (out == NULL) return failed(ARGUMENT, "GetUniqueId : out argument is NULL");
  struct group* made = calloc(1, sizeof *made);
  pthread_mutex_lock(&lock);
  counter++;
  for (int i = 0; i < 128; i++) made->id.internal[i] = (char)(counter * 31 + i * 7 + 1);
  memcpy(made->id.internal + 40, &counter, sizeof counter);
  made->next = groups;
  groups = made;
  pthread_mutex_unlock(&lock);
  *out = made->id;
  return OK;
}

static void* join_main(void* argument) {
  comm* self = argument;
  struct group* group = self->group;
  pthread_mutex_lock(&lock);
  while (group->joined < group->ranks && !self->aborted) pthread_cond_wait(&changed, &lock);
  for (int other = 0; other < group->ranks && !self->aborted; other++) {
    if (other != self->rank && group->members[other]->card == self->card) {
      self->state = failed(USAGE, "Duplicate GPU detected : rank %d and rank %d both on CUDA device %d",
                           self->rank, other, self->card);
    }
  }
  if (self->state == IN_PROGRESS) self->state = OK;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return NULL;
}

int ncclCommInitRankConfig(comm** out, int ranks, ncclUniqueId id, int rank, struct config* config) {
  if (out == NULL) return failed(ARGUMENT, "CommInitRankConfig : newcomm argument is NULL");
  *out = NULL;
  if (config == NULL) return failed(ARGUMENT, "CommInitRankConfig : config argument is NULL");
  if (config->magic != 0xcafebeef || config->size < 24 || config->version < 21400) {
    return failed(ARGUMENT, "ncclConfig_t argument not initialized via NCCL_CONFIG_INITIALIZER");
  }
  if (config->blocking != 0) return failed(ARGUMENT, "this library has non-blocking communicators only");
  if (cards == 0) return failed(CUDA_FAILED, "Cuda failure 'no CUDA-capable device is detected'");
  if (ranks < 1 || ranks > MAX_RANKS || rank < 0 || rank >= ranks) {
    return failed(ARGUMENT, "Invalid rank requested : %d/%d", rank, ranks);
  }
  pthread_mutex_lock(&lock);
  struct group* group = groups;
  while (group != NULL && memcmp(&group->id, &id, sizeof id) != 0) group = group->next;
  int result = IN_PROGRESS;
  if (group == NULL) {
    result = failed(ARGUMENT, "nobody made this unique id");
  } else if (group->joined > 0 && group->ranks != ranks) {
    result = failed(USAGE, "rank %d joins %d ranks, others %d", rank, ranks, group->ranks);
  } else if (group->members[rank] != NULL) {
    result = failed(USAGE, "rank %d has joined already", rank);
  } else {
    comm* made = calloc(1, sizeof *made);
    *made = (comm){.magic = LIVE, .rank = rank, .card = current, .state = IN_PROGRESS, .group = group};
    group->ranks = ranks;
    group->members[rank] = made;
    group->joined++;
    live_comms++;
    detached(join_main, made);
    pthread_cond_broadcast(&changed);
    *out = made;
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int check_comm(comm* self, const char* call, int must_be_ready) {
  if (self == NULL) return failed(ARGUMENT, "%s : comm argument is NULL", call);
  if (self->magic != LIVE) return failed(ARGUMENT, "Error: corrupted comm object detected");
  if (must_be_ready && self->state == IN_PROGRESS) {
    return failed(ARGUMENT, "Attempt to use communicator before the previous operation returned ncclSuccess");
  }
  return must_be_ready ? self->state : OK;
}

int ncclCommGetAsyncError(comm* self, int* result) {
  pthread_mutex_lock(&lock);
  int checked = check_comm(self, "ncclGetAsyncError", 0);
  if (checked == OK && result == NULL) checked = failed(ARGUMENT, "ncclGetAsyncError : asyncError argument is NULL");
  if (checked == OK) *result = self->state;
  pthread_mutex_unlock(&lock);
  return checked;
}

/* ---- Values ---- */

static size_t size_of(int type) { return type == F64 ? 8 : type == F32 ? 4 : 2; }

static float from_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

static uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void add(int type, char* to, const char* from, size_t count) {
  for (size_t i = 0; i < count; i++) {
    switch (type) {
      case F32: ((float*)to)[i] += ((const float*)from)[i]; break;
      case F64: ((double*)to)[i] += ((const double*)from)[i]; break;
      case F16: ((_Float16*)to)[i] = (_Float16)((float)((_Float16*)to)[i] + (float)((const _Float16*)from)[i]); break;
      default:
        ((uint16_t*)to)[i] = to_bf16(from_bf16(((uint16_t*)to)[i]) + from_bf16(((const uint16_t*)from)[i]));
    }
  }
}

/* The sum of values [start, start + count) in the order of a ring: ranks c+1, c+2, ..., c. */
static void ring_sum(struct meeting* met, int ranks, int chunk, size_t start, size_t count, char* to) {
  int type = met->calls[0]->type;
  size_t size = size_of(type);
  memcpy(to, (const char*)met->calls[(chunk + 1) % ranks]->send + start * size, count * size);
  for (int k = 2; k <= ranks; k++) {
    add(type, to, (const char*)met->calls[(chunk + k) % ranks]->send + start * size, count);
  }
}

static void compute(struct meeting* met, int ranks) {
  struct call* first = met->calls[0];
  size_t size = size_of(first->type), count = first->count;
  size_t whole = first->what == REDUCE_SCATTER || first->what == ALL_GATHER ? count * ranks : count;
  char* result = malloc(whole * size + 1);
  size_t each = first->what == ALL_REDUCE ? (count + ranks - 1) / ranks : count;
  for (int chunk = 0; chunk < ranks; chunk++) {
    size_t start = chunk * each < whole ? chunk * each : whole;
    size_t length = start + each < whole ? each : whole - start;
    char* to = result + start * size;
    if (first->what == ALL_GATHER) memcpy(to, met->calls[chunk]->send, length * size);
    else if (first->what != BROADCAST) ring_sum(met, ranks, chunk, start, length, to);
  }
  if (first->what == BROADCAST) memcpy(result, met->calls[first->root]->send, count * size);
  for (int rank = 0; rank < ranks; rank++) {
    int own = first->what == REDUCE_SCATTER;
    memcpy(met->calls[rank]->receive, result + (own ? rank * each * size : 0), (own ? each : whole) * size);
  }
  free(result);
}

static void finish_meeting(struct meeting* met, struct group* group) {
  struct call* first = met->calls[0];
  int agree = 1;
  for (int rank = 1; rank < group->ranks; rank++) {
    struct call* other = met->calls[rank];
    agree &= other->what == first->what && other->count == first->count && other->type == first->type
             && other->op == first->op && other->root == first->root;
    if (!agree) {
      failed(ARGUMENT, "rank 0 calls %s of %zu values, rank %d %s of %zu", CALLS[first->what], first->count,
             rank, CALLS[other->what], other->count);
      break;
    }
  }
  if (agree) compute(met, group->ranks);
  for (int rank = 0; rank < group->ranks && !agree; rank++) group->members[rank]->state = ARGUMENT;
  met->done = 1;
}

/* Runs on a stream, with the lock. */
static void meet(void* argument) {
  struct call* self = argument;
  struct group* group = self->comm->group;
  int rank = self->comm->rank;
  struct meeting* met = group->meetings;
  while (met != NULL && met->number != self->number) met = met->next;
  if (met == NULL) {
    met = calloc(1, sizeof *met);
    met->number = self->number;
    met->next = group->meetings;
    group->meetings = met;
  }
  if (!self->comm->aborted) {
    met->calls[rank] = self;
    if (++met->arrived == group->ranks) finish_meeting(met, group);
    pthread_cond_broadcast(&changed);
    while (!met->done && !self->comm->aborted) pthread_cond_wait(&changed, &lock);
    if (!met->done) {
      met->arrived--;
      met->calls[rank] = NULL;
    }
  }
  self->comm->running--;
  if (met->done && ++met->left == group->ranks) {
    struct meeting** link = &group->meetings;
    while (*link != met) link = &(*link)->next;
    *link = met->next;
    free(met);
  }
  pthread_cond_broadcast(&changed);
  free(self);
}

/* ---- Calls ---- */

struct launch {
  int count;
  struct call* calls[MAX_GROUP];
};

/* What a non-blocking communicator does behind the caller's back. The first launch needs all ranks. */
static void* launch_main(void* argument) {
  struct launch* self = argument;
  comm* comm = self->calls[0]->comm;
  struct group* group = comm->group;
  usleep(20);
  pthread_mutex_lock(&lock);
  if (comm->calls == 0) {
    group->connected++;
    pthread_cond_broadcast(&changed);
  }
  while (group->connected < group->ranks && !comm->aborted) pthread_cond_wait(&changed, &lock);
  for (int i = 0; i < self->count && !comm->aborted; i++) {
    self->calls[i]->number = comm->calls++;
    comm->running++;
    push(self->calls[i]->on, meet, self->calls[i]);
  }
  if (comm->state == IN_PROGRESS) comm->state = OK;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  free(self);
  return NULL;
}

int ncclGroupStart(void) {
  if (depth++ == 0) {
    pending_error = OK;
    pending_count = 0;
  }
  return OK;
}

int ncclGroupEnd(void) {
  if (depth == 0) return failed(USAGE, "ncclGroupEnd: not in a group call.");
  if (--depth > 0 || pending_count == 0) return pending_error;
  if (pending_error != OK) {
    for (int i = 0; i < pending_count; i++) free(pending[i]);
    return pending_error;
  }
  struct launch* launch = calloc(1, sizeof *launch);
  launch->count = pending_count;
  memcpy(launch->calls, pending, sizeof pending);
  pthread_mutex_lock(&lock);
  launch->calls[0]->comm->state = IN_PROGRESS;
  pthread_mutex_unlock(&lock);
  detached(launch_main, launch);
  return IN_PROGRESS;
}

static int overlaps(const char* a, const char* b, size_t bytes_a, size_t bytes_b) {
  return a < b + bytes_b && b < a + bytes_a;
}

static int check_call(struct call* call, void* handle) {
  const char* name = CALLS[call->what];
  pthread_mutex_lock(&lock);
  int checked = check_comm(call->comm, name, 1);
  call->on = stream_of(handle);
  pthread_mutex_unlock(&lock);
  if (checked != OK) return checked;
  comm* comm = call->comm;
  if (call->root < 0 || call->root >= comm->group->ranks) {
    return failed(ARGUMENT, "%s : invalid root %d (root should be in the 0..%d range)", name, call->root,
                  comm->group->ranks);
  }
  if (call->type < 0 || call->type >= TYPES) return failed(ARGUMENT, "%s : invalid type %d", name, call->type);
  if (call->type < F16 || call->type > BF16) return failed(ARGUMENT, "%s : type %d is not built here", name, call->type);
  if (call->op != 0) return failed(ARGUMENT, "%s : invalid reduction operation %d", name, call->op);
  if (call->count == 0) return failed(ARGUMENT, "%s : nothing to move", name);
  if (call->send == NULL) return failed(ARGUMENT, "%s : sendbuff argument is NULL", name);
  if (call->receive == NULL) return failed(ARGUMENT, "%s : recvbuff argument is NULL", name);
  if (call->on == NULL || call->on->card != comm->card) {
    return failed(CUDA_FAILED, "Cuda failure 'invalid resource handle'");
  }
  for (int i = 0; i < pending_count; i++) {
    if (pending[i]->comm != comm) return failed(USAGE, "%s : a group of one communicator only", name);
  }
  if (pending_count == MAX_GROUP) return failed(USAGE, "%s : more than %d calls in a group", name, MAX_GROUP);
  size_t bytes = call->count * size_of(call->type);
  size_t sent = bytes * (call->what == REDUCE_SCATTER ? comm->group->ranks : 1);
  size_t received = bytes * (call->what == ALL_GATHER ? comm->group->ranks : 1);
  const char *own_sent = call->send, *own_received = call->receive;
  if (call->what == REDUCE_SCATTER) own_sent += comm->rank * bytes;
  if (call->what == ALL_GATHER) own_received += comm->rank * bytes;
  if (own_sent != own_received && overlaps(call->send, call->receive, sent, received)) {
    return failed(ARGUMENT, "%s : sendbuff and recvbuff overlap", name);
  }
  return OK;
}

static int enqueue(struct call call, void* handle) {
  ncclGroupStart();
  int checked = check_call(&call, handle);
  if (checked == OK) {
    struct call* kept = malloc(sizeof *kept);
    *kept = call;
    pending[pending_count++] = kept;
  } else {
    pending_error = checked;
  }
  int ended = ncclGroupEnd();
  return checked != OK ? checked : ended;
}

int ncclAllReduce(const void* send, void* receive, size_t count, int type, int op, comm* comm, void* stream) {
  return enqueue((struct call){.comm = comm, .what = ALL_REDUCE, .type = type, .op = op, .count = count,
                               .send = send, .receive = receive}, stream);
}

int ncclReduceScatter(const void* send, void* receive, size_t count, int type, int op, comm* comm, void* stream) {
  return enqueue((struct call){.comm = comm, .what = REDUCE_SCATTER, .type = type, .op = op, .count = count,
                               .send = send, .receive = receive}, stream);
}

int ncclAllGather(const void* send, void* receive, size_t count, int type, comm* comm, void* stream) {
  return enqueue((struct call){.comm = comm, .what = ALL_GATHER, .type = type, .count = count,
                               .send = send, .receive = receive}, stream);
}

int ncclBroadcast(const void* send, void* receive, size_t count, int type, int root, comm* comm, void* stream) {
  return enqueue((struct call){.comm = comm, .what = BROADCAST, .type = type, .root = root, .count = count,
                               .send = send, .receive = receive}, stream);
}

static void* finish_main(void* argument) {
  comm* self = argument;
  pthread_mutex_lock(&lock);
  while (self->running > 0 && !self->aborted) pthread_cond_wait(&changed, &lock);
  if (self->state == IN_PROGRESS) self->state = OK;
  pthread_mutex_unlock(&lock);
  return NULL;
}

int ncclCommFinalize(comm* self) {
  pthread_mutex_lock(&lock);
  int checked = check_comm(self, "CommFinalize", 1);
  if (checked == OK && self->finishing) checked = failed(ARGUMENT, "CommFinalize : called twice");
  if (checked == OK) {
    self->finishing = 1;
    self->state = IN_PROGRESS;
    detached(finish_main, self);
    checked = IN_PROGRESS;
  }
  pthread_mutex_unlock(&lock);
  return checked;
}

static int end(comm* self, const char* call, int aborted) {
  if (self == NULL) return OK;
  pthread_mutex_lock(&lock);
  int checked = check_comm(self, call, !aborted);
  if (checked == OK) {
    self->magic = GONE;
    self->aborted = aborted;
    live_comms--;
    pthread_cond_broadcast(&changed);
    checked = IN_PROGRESS;
  }
  pthread_mutex_unlock(&lock);
  return checked;
}

int ncclCommDestroy(comm* self) { return end(self, "CommDestroy", 0); }
int ncclCommAbort(comm* self) { return end(self, "CommAbort", 1); }

/* ---- For tests ---- */

/* Makes the communicators of a card fail, as NCCL does when a link is lost. */
int fake_break(int card, int result, const char* reason) {
  int broken = 0;
  pthread_mutex_lock(&lock);
  for (struct group* group = groups; group != NULL; group = group->next) {
    for (int rank = 0; rank < MAX_RANKS; rank++) {
      comm* member = group->members[rank];
      if (member != NULL && member->magic == LIVE && member->card == card) {
        member->state = failed(result, "%s", reason);
        broken++;
      }
    }
  }
  pthread_mutex_unlock(&lock);
  return broken;
}

static int holding;

static void hold(void* unused) {
  (void)unused;
  while (holding) pthread_cond_wait(&changed, &lock);
}

/* Work put into a stream after this waits until fake_let_go. */
int fake_hold(void* handle) {
  pthread_mutex_lock(&lock);
  stream* self = stream_of(handle);
  holding = 1;
  if (self != NULL) push(self, hold, NULL);
  pthread_mutex_unlock(&lock);
  return self == NULL ? CUDA_INVALID_HANDLE : 0;
}

void fake_let_go(void) {
  pthread_mutex_lock(&lock);
  holding = 0;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

void fake_set_version(int code) { version = code; }
void fake_set_cards(int count) { cards = count; }
int fake_live_streams(void) { return live_streams; }
int fake_live_events(void) { return live_events; }
int fake_live_comms(void) { return live_comms; }
int fake_live_memory(void) { return live_memory; }
