/**
 * @file
 * Descriptors kept for the connections of one endpoint: placeholders, so that nothing else in the process
 * takes them. The app's thread.
 *
 * A connection counts as one of those that are kept: there are as many placeholders as connections are
 * missing.
 */
#ifndef WM_CORE_DESCRIPTOR_RESERVE_H
#define WM_CORE_DESCRIPTOR_RESERVE_H

#include <cstddef>
#include <vector>

namespace wm {

class DescriptorReserve {
public:
    DescriptorReserve() = default;
    DescriptorReserve(const DescriptorReserve &) = delete;
    DescriptorReserve &operator=(const DescriptorReserve &) = delete;
    ~DescriptorReserve() { drop(); }

    /// Keeps `size` descriptors from now on, of which `connections` are in use. False, keeping none, when
    /// descriptors or memory have run out.
    bool keep(size_t size, size_t connections);
    void drop();

    /// How many are kept, in use or not.
    size_t size() const { return size_; }
    /// How many nobody uses.
    size_t unused(size_t connections) const { return size_ > connections ? size_ - connections : 0; }
    size_t placeholders() const { return fds_.size(); }

    /// Frees a descriptor for a connection that would have none; false: there is none to free.
    bool spend();
    /// Adapts the placeholders to that number of connections, as far as there are descriptors.
    void adapt(size_t connections)
    {
        if (fds_.size() != unused(connections))
            fill(connections);
    }
    /// Closes the descriptor of a connection that has ended; `connections` are left.
    void close(int fd, size_t connections);

private:
    void fill(size_t connections);
    void add(int fd);

    std::vector<int> fds_; ///< a heap, the lowest first; never longer than size_, which is reserved
    size_t size_ = 0;
};

} // namespace wm

#endif
