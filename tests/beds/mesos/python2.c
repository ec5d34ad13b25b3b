// The library was linked as a Python 2 extension. None of this is ever called here; it only has to be found.
#include <stdlib.h>
#define NEVER_CALLED(name) void name(void) { abort(); }
NEVER_CALLED(PyArg_ParseTuple) NEVER_CALLED(PyDict_GetItemString) NEVER_CALLED(PyErr_Format) NEVER_CALLED(PyErr_Occurred)
NEVER_CALLED(PyErr_Print) NEVER_CALLED(PyEval_InitThreads) NEVER_CALLED(PyEval_RestoreThread) NEVER_CALLED(PyEval_SaveThread)
NEVER_CALLED(PyGILState_Ensure) NEVER_CALLED(PyGILState_Release) NEVER_CALLED(PyImport_ImportModule) NEVER_CALLED(PyInt_FromLong)
NEVER_CALLED(PyIter_Next) NEVER_CALLED(PyList_GetItem) NEVER_CALLED(PyList_New) NEVER_CALLED(PyList_SetItem) NEVER_CALLED(PyList_Size)
NEVER_CALLED(PyModule_AddObject) NEVER_CALLED(PyModule_GetDict) NEVER_CALLED(PyObject_CallMethod) NEVER_CALLED(PyObject_GetIter)
NEVER_CALLED(PyString_AsStringAndSize) NEVER_CALLED(PyType_Ready) NEVER_CALLED(Py_InitModule4_64)
void *PyExc_Exception, *PyExc_TypeError;
long _Py_NoneStruct[8];
