namespace Webhooks.Sending;

/// <summary>How one attempt ended. Closed: every outcome has a row in <see cref="OutcomeTable"/>.</summary>
public enum AttemptOutcome
{
    /// <summary>2xx; the status line decides, whatever the body does.</summary>
    Succeeded,

    /// <summary>410: the receiver wants nothing more.</summary>
    Gone,

    /// <summary>429.</summary>
    Throttled,

    /// <summary>Any other 4xx.</summary>
    Rejected,

    /// <summary>3xx, which is never followed.</summary>
    Redirected,

    /// <summary>5xx.</summary>
    ServerError,

    /// <summary>No complete response headers within the deadline.</summary>
    TimedOut,

    /// <summary>The host name has no address.</summary>
    DnsFailed,

    /// <summary>Refused, reset, or closed before the answer was complete.</summary>
    ConnectionFailed,

    /// <summary>The TLS handshake was broken off.</summary>
    TlsFailed,

    /// <summary>Expired, self-signed, for another name, or from an unknown authority.</summary>
    CertificateInvalid,

    /// <summary>Our own rules forbid the call: a special-purpose address, or plain http.</summary>
    AddressRefused,

    /// <summary>What came back is not HTTP, or its headers are over 32 KiB.</summary>
    ResponseInvalid,

    /// <summary>
    /// The request could not be made: the transform, the signature or a header needs what the event does not have; nothing was sent.
    /// </summary>
    RenderFailed,
}

/// <summary>The outcomes' names in the API and the database.</summary>
public static class AttemptOutcomeNames
{
    public static string ToWireName(this AttemptOutcome outcome) => outcome switch
    {
        AttemptOutcome.Succeeded => "succeeded",
        AttemptOutcome.Gone => "gone",
        AttemptOutcome.Throttled => "throttled",
        AttemptOutcome.Rejected => "rejected",
        AttemptOutcome.Redirected => "redirected",
        AttemptOutcome.ServerError => "server_error",
        AttemptOutcome.TimedOut => "timed_out",
        AttemptOutcome.DnsFailed => "dns_failed",
        AttemptOutcome.ConnectionFailed => "connection_failed",
        AttemptOutcome.TlsFailed => "tls_failed",
        AttemptOutcome.CertificateInvalid => "certificate_invalid",
        AttemptOutcome.AddressRefused => "address_refused",
        AttemptOutcome.ResponseInvalid => "response_invalid",
        AttemptOutcome.RenderFailed => "render_failed",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "This outcome has no name yet."),
    };
}
