using System.Net.Sockets;
using System.Security.Authentication;
using Webhooks.Sending.Addresses;
using Webhooks.Sending.Connections;

namespace Webhooks.Sending.Answers;

/// <summary>
/// Reads from the HTTP stack's exception which outcome it is. The sentences are our own: the stack's would tell a
/// tenant the addresses that a name resolves to.
/// </summary>
internal static class FailedExchange
{
    public static (AttemptOutcome Outcome, string Error) Read(HttpRequestException failure)
    {
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AddressRefusedException:
                    return (AttemptOutcome.AddressRefused, cause.Message);
                case NameLookupException:
                    return (AttemptOutcome.DnsFailed, cause.Message);
                case CertificateRefusedException:
                    return (AttemptOutcome.CertificateInvalid, cause.Message);
                case AuthenticationException:
                    return (AttemptOutcome.TlsFailed, "The TLS handshake with the receiver failed.");
                case SocketException socket when failure.HttpRequestError != HttpRequestError.SecureConnectionError:
                    return (AttemptOutcome.ConnectionFailed, Sentence(socket.SocketErrorCode));
            }
        }

        return failure.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError =>
                (AttemptOutcome.TlsFailed, "The receiver broke off the TLS handshake."),
            HttpRequestError.InvalidResponse =>
                (AttemptOutcome.ResponseInvalid, "The receiver's answer is not HTTP."),
            HttpRequestError.ConfigurationLimitExceeded =>
                (AttemptOutcome.ResponseInvalid, "The headers of the receiver's answer are over 32 KiB."),
            HttpRequestError.ResponseEnded =>
                (AttemptOutcome.ConnectionFailed, "The receiver closed the connection before its answer was complete."),
            _ =>
                (AttemptOutcome.ConnectionFailed, "The connection to the receiver failed."),
        };
    }

    private static string Sentence(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "The receiver refused the connection.",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "The receiver reset the connection.",
        SocketError.TimedOut => "The receiver did not answer the attempt to connect.",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown or SocketError.NetworkDown =>
            "There is no route to the receiver.",
        SocketError.AddressFamilyNotSupported => "The receiver has no address of the kind that sends leave from.",
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable or SocketError.AddressAlreadyInUse
            or SocketError.AddressNotAvailable => "This service could not open another connection.",
        _ => "The connection to the receiver failed.",
    };
}
