#include "proto/frame/length_field.h"

namespace wm::framed {

namespace {

/// The byte of the field at `index` holds the bits from this one on.
unsigned shift_of(const LengthField &field, uint32_t index)
{
    return 8 * (field.little ? index : field.size - 1 - index);
}

uint64_t read_length(const LengthField &field, const char *data)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < field.size; i++)
        value |= uint64_t{static_cast<unsigned char>(data[field.offset + i])} << shift_of(field, i);
    return value;
}

} // namespace

Step step(const LengthField &field, const char *data, size_t len, uint64_t max_message, LengthError &error)
{
    size_t header = field.header();
    if (len < header)
        return {StepKind::kMore, len, 0};
    uint64_t value = read_length(field, data);
    int64_t size = 0; // of the whole message
    bool overflow =
        value > INT64_MAX || __builtin_add_overflow(static_cast<int64_t>(value), field.adjust + static_cast<int64_t>(header), &size);
    if (overflow || (size > 0 && static_cast<uint64_t>(size) > max_message + field.strip)) {
        error = LengthError::kLong;
        return {StepKind::kFail, len, 0};
    }
    if (size < static_cast<int64_t>(header) || size < int64_t{field.strip}) {
        error = LengthError::kShort;
        return {StepKind::kFail, len, 0};
    }
    size_t whole = static_cast<size_t>(size);
    if (len < whole)
        return {StepKind::kMore, len, whole};
    return {StepKind::kMessage, whole, 0};
}

size_t write_length(const LengthField &field, uint64_t len, char *out)
{
    int64_t value = 0;
    if (len > INT64_MAX || __builtin_sub_overflow(static_cast<int64_t>(len), field.adjust, &value) || value < 0)
        return 0;
    uint64_t bits = static_cast<uint64_t>(value);
    if (field.size < LengthField::kMaxSize && bits >> (8 * field.size) != 0)
        return 0;
    for (uint32_t i = 0; i < field.size; i++)
        out[i] = static_cast<char>(bits >> shift_of(field, i));
    return field.size;
}

} // namespace wm::framed
