using Npgsql;
using Webhooks.Api.Deadlines;
using Webhooks.Database.Faults;
using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Api.Problems;

/// <summary>The edge where everything that went wrong becomes a problem: refusals, our own faults, and the framework's bare status codes.</summary>
internal sealed partial class ProblemPages(RequestDelegate next, bool postsHaveKeys, NpgsqlDataSource database, ILogger<ProblemPages> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            if (Of(exception, context) is { } problem)
            {
                context.Response.Clear();
                await problem.ExecuteAsync(context);
            }

            return;
        }

        if (!context.Response.HasStarted && OfStatus(context.Response) is { } bare)
        {
            await bare.ExecuteAsync(context);
        }
    }

    /// <summary>Null: nobody is there to read an answer.</summary>
    private Problem? Of(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case RefusedException refused:
                return refused.Problem;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new Problem(StatusCodes.Status413PayloadTooLarge, "too_large", "The body is too large.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout }:
                return Problem.TooSlow;
            case BadHttpRequestException:
                return Problem.BadRequest;
            case OperationCanceledException when RequestDeadline.IsOver(context):
                Log.TimeIsUp(logger, context.Request.Method, context.Request.Path);
                return Problem.Unavailable($"The database did not answer in time. {WhatNow(context.Request)}");
            case OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested:
                return null;
            case var fault when DatabaseFault.IsOurs(fault):
                Log.DatabaseAway(logger, DatabaseFault.Describe(fault, database));
                return Problem.Unavailable($"The database is away. {WhatNow(context.Request)}");
            case SecretSealedException:
                Log.Sealed(logger, exception.Message);
                return Problem.Unavailable("A secret cannot be opened with the configured keys; the operator finds the reason in the log.");
            default:
                Log.Failed(logger, exception, context.Request.Method, context.Request.Path);
                return new Problem(StatusCodes.Status500InternalServerError, "internal_error", "Something is wrong on our side; the log has it under the trace_id.");
        }
    }

    // The answer to the commit may be all that was lost.
    private string WhatNow(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && !postsHaveKeys ? "It may have been done all the same: look before you send it again." : "Try again.";

    private static Problem? OfStatus(HttpResponse response) => response.StatusCode switch
    {
        _ when response.ContentLength > 0 || response.ContentType is not null => null,
        StatusCodes.Status404NotFound => Problem.NotFound("There is nothing at this path."),
        StatusCodes.Status405MethodNotAllowed => new Problem(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This path does not know this method; the Allow header lists those it knows."),
        StatusCodes.Status415UnsupportedMediaType => new Problem(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json."),
        >= 400 => new Problem(response.StatusCode, "bad_request", "The request is not one that this path answers."),
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Reason}; answering 503")]
        public static partial void DatabaseAway(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Warning, "The time of {Method} {Path} was up, answering 503")]
        public static partial void TimeIsUp(ILogger logger, string method, string path);

        [LoggerMessage(3, LogLevel.Error, "{Reason}")]
        public static partial void Sealed(ILogger logger, string reason);

        [LoggerMessage(4, LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string method, string path);
    }
}
