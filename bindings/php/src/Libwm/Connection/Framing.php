<?php
declare(strict_types=1);

namespace Libwm\Connection;

use Workerman\Worker;

/**
 * The part of a connection of bytes that speaks a protocol written in PHP: a class with input(), decode() and encode(), as
 * ProtocolInterface has them. `protocol` names it and may change at any time; null: onMessage gets the bytes as they come.
 */
trait Framing
{
    /** Received, and in no message yet. */
    private string $wmInput = '';
    /** Length of the message at the front of it; 0: not known yet. */
    private int $wmNeeded = 0;

    /** @internal */
    public function receive(string $data, int $request): void
    {
        if ($this->protocol === $this->wmNative && $this->wmInput === '') {
            if ($this->wmHeld !== null || $this->status !== self::STATUS_ESTABLISHED) {
                parent::receive($data, $request);
                return;
            }
            $onMessage = $this->onMessage; // as parent::receive() would: a call less for bytes
            try {
                if ($onMessage !== null) {
                    $onMessage($this, $data);
                }
            } catch (\Throwable $e) {
                $this->fail($e);
            }
            return;
        }
        if ($this->wmNative !== null) {
            $this->protocolChanged();
            return;
        }
        if (\strlen($data) <= self::READ_BUFFER_SIZE) {
            $this->take($data);
            return;
        }
        // input() gets all that waits, so that what is cut off of many messages in one read would grow with its square.
        foreach (\str_split($data, self::READ_BUFFER_SIZE) as $piece) {
            $this->take($piece);
        }
    }

    private function take(string $data): void
    {
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return;
        }
        if ($this->wmHeld !== null) {
            $this->hold($data, 0);
            return;
        }
        $this->wmInput .= $data;
        while ($this->wmInput !== '' && $this->status === self::STATUS_ESTABLISHED && !$this->holds() && $this->next()) {
        }
        if ($this->status !== self::STATUS_ESTABLISHED) {
            $this->wmInput = '';
        } elseif ($this->wmInput !== '' && $this->holds()) {
            \array_unshift($this->wmHeld, [$this->wmInput, 0]);
            $this->wmInput = '';
            $this->updateReading();
        }
    }

    /** Hands on one message. Returns whether there may be another one. */
    private function next(): bool
    {
        $protocol = $this->protocol;
        if ($protocol === null) {
            $data = $this->wmInput;
            $this->wmInput = '';
            parent::receive($data, 0);
            return true;
        }
        if ($this->wmNeeded === 0) {
            $waiting = \strlen($this->wmInput);
            $this->wmNeeded = $this->lengthOfNext($protocol);
            if ($this->wmNeeded === 0) { // but input() may have taken what it needed, or have changed the protocol
                return $waiting !== \strlen($this->wmInput) || $protocol !== $this->protocol;
            }
        }
        if (\strlen($this->wmInput) < $this->wmNeeded) {
            return false;
        }
        if (\strlen($this->wmInput) === $this->wmNeeded) {
            $packet = $this->wmInput;
            $this->wmInput = '';
        } else {
            $packet = \substr($this->wmInput, 0, $this->wmNeeded);
            $this->wmInput = \substr($this->wmInput, $this->wmNeeded);
        }
        $this->wmNeeded = 0;
        try {
            $this->deliver($protocol, $packet);
        } catch (\Throwable $e) {
            $this->fail($e);
        }
        if ($this->status === self::STATUS_ESTABLISHED) {
            $this->applyLimits();
        }
        return true;
    }

    /** What input() says; 0: not known yet, or the connection has ended. */
    private function lengthOfNext(string $protocol): int
    {
        try {
            $length = $protocol::input($this->wmInput, $this);
        } catch (\Throwable $e) {
            $this->fail($e);
            $this->endBroken(); // what errorHandler has taken, too: nobody knows where the next message begins
            return 0;
        }
        if ($this->status !== self::STATUS_ESTABLISHED) {
            return 0;
        }
        if (\is_int($length) && $length >= 0 && $length <= $this->maxPackageSize
            && ($length !== 0 || \strlen($this->wmInput) <= $this->maxPackageSize)) {
            return $length;
        }
        $shown = \is_int($length) ? ($length === 0 ? 'none in ' . \strlen($this->wmInput) . ' bytes' : $length) : get_debug_type($length);
        Worker::log("Protocol $protocol Error package. package_length=$shown, from $this->remoteAddress");
        $this->destroy();
        return 0;
    }

    private function endBroken(): void
    {
        if ($this->status === self::STATUS_ESTABLISHED) {
            $this->destroy();
        }
    }

    private function deliver(string $protocol, string $packet): void
    {
        self::$statistics['total_request']++;
        $message = $protocol::decode($packet, $this);
        $onMessage = $this->onMessage;
        if ($onMessage !== null && $this->status === self::STATUS_ESTABLISHED) {
            $onMessage($this, $message);
        }
    }

    /** As TcpConnection::send(); null also: encode() has made nothing of it, or will send it later. */
    public function send(mixed $sendBuffer, bool $raw = false): ?bool
    {
        $protocol = $this->protocol;
        if ($protocol !== null && !$raw && $protocol !== $this->wmNative) {
            if ($this->wmNative !== null) {
                $this->protocolChanged();
                return false;
            }
            if (!$this->takesSends()) {
                return false;
            }
            try {
                $sendBuffer = $protocol::encode($sendBuffer, $this);
                if (!\is_string($sendBuffer)) {
                    throw new \UnexpectedValueException("$protocol::encode() has returned " . get_debug_type($sendBuffer) . ', and not a string');
                }
            } catch (\Throwable $e) {
                $this->fail($e);
                return false;
            }
            if ($sendBuffer === '') {
                return null;
            }
            $raw = true;
        }
        if ($this->wmNative !== null || $this->status !== self::STATUS_ESTABLISHED || $this->maxSendBufferSize !== $this->wmAppliedSendBuffer
            || !\is_string($sendBuffer)) {
            return parent::send($sendBuffer, $raw);
        }
        $result = $this->wmCore->send($this->wmHandle, $sendBuffer, 0); // as parent::send() would: a call less for bytes
        return $result === 0 ? true : $this->sent($result);
    }

    /** Takes bytes off what was received, in input(). */
    public function consumeRecvBuffer(int $length): void
    {
        $this->wmInput = \substr($this->wmInput, $length);
        $this->wmNeeded = 0;
    }

    /** Bytes that are in no message yet, or that wait for resumeRecv(); libwm's own buffers are not counted. */
    public function getRecvBufferQueueSize(): int
    {
        return \strlen($this->wmInput) + parent::getRecvBufferQueueSize();
    }

    /** Of bytes it may change. */
    protected function protocolChanged(): void
    {
        if ($this->wmNative !== null) {
            parent::protocolChanged();
        }
    }

    protected function leaveProtocol(): void
    {
        $this->wmInput = '';
        $this->wmNeeded = 0;
        $protocol = $this->protocol;
        if ($protocol !== null && $protocol !== $this->wmNative && method_exists($protocol, 'onClose')) {
            try {
                $protocol::onClose($this);
            } catch (\Throwable $e) {
                $this->fail($e);
            }
        }
    }
}
