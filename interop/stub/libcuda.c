/*
 * A CUDA driver without a card, for tests on machines that have neither: what the product asks of
 * libcuda.so.1, and CUDA's own libraries when they are loaded. STUB_CUDA_CARDS gives it cards that can
 * be described and nothing else.
 *
 *   cc -shared -fPIC -o libcuda.so.1 libcuda.c
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  COMPUTE_CAPABILITY_MAJOR = 75,
  COMPUTE_CAPABILITY_MINOR = 76,
};

static int cards(void) {
  const char *number = getenv("STUB_CUDA_CARDS");
  return number ? atoi(number) : 0;
}

int cuDriverGetVersion(int *version) {
  *version = 12080;
  return CUDA_SUCCESS;
}

int cuInit(unsigned flags) {
  if (flags != 0) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  return cards() > 0 ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

int cuGetErrorString(int error, const char **text) {
  if (error != CUDA_ERROR_NO_DEVICE) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  *text = "no CUDA-capable device is detected";
  return CUDA_SUCCESS;
}

int cuDeviceGetCount(int *count) {
  *count = cards();
  return CUDA_SUCCESS;
}

int cuDeviceGet(int *device, int ordinal) {
  if (ordinal < 0 || ordinal >= cards()) {
    return CUDA_ERROR_INVALID_DEVICE;
  }
  *device = 40 + ordinal; /* a handle is no ordinal */
  return CUDA_SUCCESS;
}

int cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, (size_t)length, "Stub card %d", device - 40);
  return CUDA_SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  *bytes = (size_t)(device - 40 + 1) << 33;
  return CUDA_SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case COMPUTE_CAPABILITY_MAJOR: *value = 9; return CUDA_SUCCESS;
    case COMPUTE_CAPABILITY_MINOR: *value = device - 40; return CUDA_SUCCESS;
    default: return CUDA_ERROR_INVALID_VALUE;
  }
}

/* libtorch's libcaffe2_nvrtc.so is linked with these; without a card nobody calls them. */
#define NEVER(name) \
  int name(void) { return CUDA_ERROR_NOT_INITIALIZED; }
NEVER(cuCtxGetCurrent)
NEVER(cuCtxSetCurrent)
NEVER(cuDevicePrimaryCtxGetState)
NEVER(cuDevicePrimaryCtxRetain)
NEVER(cuFuncGetAttribute)
NEVER(cuFuncSetAttribute)
NEVER(cuLaunchCooperativeKernel)
NEVER(cuLaunchKernel)
NEVER(cuLinkAddData_v2)
NEVER(cuLinkComplete)
NEVER(cuLinkCreate_v2)
NEVER(cuModuleGetFunction)
NEVER(cuModuleLoadData)
NEVER(cuModuleLoadDataEx)
NEVER(cuModuleUnload)
NEVER(cuOccupancyMaxActiveBlocksPerMultiprocessor)
NEVER(cuTensorMapEncodeTiled)
