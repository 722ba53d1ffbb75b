/* gotypes.h: the shapes compiler, linker and runtime agree on.
 *
 * Everything here is a Go value seen from C: strings, slices, interfaces, type
 * descriptors, the module table and the per-function records of pclntab. Sizes and
 * offsets follow Go 1.26 (internal/abi, runtime/symtab.go), because tools and the
 * standard library read the same bytes. */
#ifndef SEAGO_ABI_GOTYPES_H
#define SEAGO_ABI_GOTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef uintptr_t uptr;

typedef struct { const u8 *ptr; i64 len; } String;
typedef struct { void *ptr; i64 len, cap; } Slice;

typedef struct Type Type;
typedef struct { Type *type; void *data; } Eface;

/* A func value points at one of these: code first, then what the closure captured. */
typedef struct { const void *fn; } Funcval;

/* abi.Type, 48 bytes; kind records follow it in memory. */
struct Type {
	u64 size;
	u64 ptrbytes;          /* prefix that can hold pointers */
	u32 hash;
	u8 tflag;
	u8 align, fieldalign;
	u8 kind;
	Funcval *equal;
	u8 *gcdata;            /* one bit per word, LSB first; see TFlagGCMaskOnDemand */
	i32 str;
	i32 ptrtothis;
};
_Static_assert(sizeof(Type) == 48, "abi.Type");

enum {
	TFlagUncommon = 1, TFlagExtraStar = 2, TFlagNamed = 4, TFlagRegularMemory = 8,
	TFlagGCMaskOnDemand = 16, TFlagDirectIface = 32,
};

typedef struct { Type t; Type *elem; i64 dir; } ChanType;

typedef struct { i32 n; u8 *bytedata; } Bitvector;

/* One record of ftab; the last one is a sentinel at etext. */
typedef struct { u32 entryoff, funcoff; } Functab;
typedef struct { u32 idx; u8 sub[16]; } Findfuncbucket;

/* runtime._func; npcdata u32 offsets into pctab and nfuncdata u32 offsets from
 * gofunc (~0: none) follow it. */
typedef struct {
	u32 entryoff;
	i32 nameoff;
	i32 args;
	u32 deferreturn;
	u32 pcsp, pcfile, pcln, npcdata, cuoffset;
	i32 startline;
	u8 funcid, flag, pad, nfuncdata;
} Func;
_Static_assert(sizeof(Func) == 44, "runtime._func");

enum {
	PcdataUnsafePoint, PcdataStackMapIndex, PcdataInlTreeIndex, PcdataArgLiveIndex, PcdataPanicBounds,
	FuncdataArgsPointerMaps = 0, FuncdataLocalsPointerMaps, FuncdataStackObjects, FuncdataInlTree,
	FuncdataOpenCodedDeferInfo, FuncdataArgInfo, FuncdataArgLiveInfo, FuncdataWrapInfo,
	UnsafePointSafe = -1, UnsafePointUnsafe = -2, UnsafePointRestart1 = -3, UnsafePointRestart2 = -4,
	UnsafePointRestartAtEntry = -5,
	FuncFlagTopFrame = 1, FuncFlagSPWrite = 2, FuncFlagAsm = 4,
};
#define ARGS_SIZE_UNKNOWN ((i32)0x80000000)
enum FuncID {
	FuncIDNormal, FuncIDAbort, FuncIDAsmcgocall, FuncIDAsyncPreempt, FuncIDCgocallback, FuncIDCorostart,
	FuncIDDebugCallV2, FuncIDGcBgMarkWorker, FuncIDGoexit, FuncIDGogo, FuncIDGopanic, FuncIDHandleAsyncEvent,
	FuncIDMcall, FuncIDMorestack, FuncIDMstart, FuncIDPanicwrap, FuncIDRt0Go, FuncIDRuntimeMain,
	FuncIDRunFinalizers, FuncIDRunCleanups, FuncIDSigpanic, FuncIDSystemstack, FuncIDSystemstackSwitch,
	FuncIDWrapper,
};

/* FUNCDATA_{Args,Locals}PointerMaps: n bitmaps of nbit bits each, byte padded. */
typedef struct { i32 n, nbit; u8 bytes[]; } Stackmap;

/* Element of FUNCDATA_StackObjects (after a u64 count): off < 0 counts from varp,
 * otherwise from argp; gcdata = rodata + gcdataoff. */
typedef struct { i32 off, size, ptrbytes; u32 gcdataoff; } StackObject;

typedef struct Moduledata Moduledata;
struct Moduledata {
	void *pcheader;
	Slice funcnametab, cutab, filetab, pctab, pclntable, ftab;
	uptr findfunctab;
	uptr minpc, maxpc;
	uptr text, etext;
	uptr noptrdata, enoptrdata;
	uptr data, edata;
	uptr bss, ebss;
	uptr noptrbss, enoptrbss;
	uptr covctrs, ecovctrs;
	uptr end, gcdata, gcbss;
	uptr types, etypes;
	uptr rodata;
	uptr gofunc;
	uptr epclntab;
	Slice textsectmap, typelinks, itablinks, ptab;
	String pluginpath;
	Slice pkghashes, inittasks;
	String modulename;
	Slice modulehashes;
	u8 hasmain;
	bool bad;
	Bitvector gcdatamask, gcbssmask;
	void *typemap;
	Moduledata *next;
};

#endif
