/* sizeclass.c: from sizes to size classes.
 * Two small tables, filled at start from sizeclasses.def: one in steps of 8 bytes up to 1,024,
 * one in steps of 128 above. */
#include "mem.h"

#define SIZECLASS(bytes, pages) bytes,
const u16 rt_class_size[NumSizeClasses] = {
#include "sizeclasses.def"
};
#define SIZECLASS(bytes, pages) pages,
static const u8 classpages[NumSizeClasses] = {
#include "sizeclasses.def"
};
u8 rt_size_class8[129];
u8 rt_size_class128[250];

void sizeclass_init(void)
{
	u32 c = 1;
	for (u32 i = 0; i <= 128; i++) {
		while (rt_class_size[c] < i * 8)
			c++;
		rt_size_class8[i] = i ? c : 0;
	}
	for (u32 i = 0; i <= (MaxSmallSize - 1024) / 128; i++) {
		while (rt_class_size[c] < 1024 + i * 128)
			c++;
		rt_size_class128[i] = c;
	}
}

u32 sizeclass_of(u64 size)
{
	if (size <= 1024)
		return rt_size_class8[(size + 7) >> 3];
	return rt_size_class128[(size - 1024 + 127) >> 7];
}

u64 mem_classsize(u64 class)
{
	return class < NumSizeClasses ? rt_class_size[class] : 0;
}

u32 sizeclass_pages(u32 class)
{
	return classpages[class];
}

/* Bytes an allocation of size can really use: what growslice may give as capacity. */
u64 sizeclass_roundup(u64 size, bool noscan)
{
	u64 header = !noscan && size > BitmapMaxSize ? MallocHeaderSize : 0;
	if (size + header <= MaxSmallSize)
		return rt_class_size[sizeclass_of(size + header)] - header;
	if (size + PageSize - 1 < size)
		return size;
	return (size + PageSize - 1) & ~(u64)(PageSize - 1);
}
