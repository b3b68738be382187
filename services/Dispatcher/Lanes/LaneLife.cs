namespace Webhooks.Dispatcher.Lanes;

// The states of a lane, and who moves it between them. All of it stands in the lane's row, so no process's memory or death matters.
//
//            closed           There is no row. The subscription is served by messages.
//              │ ▲
//         open │ │ close      open: whoever saves what needs a lane, in the same transaction (LaneStatements.Open), or a dispatcher
//              ▼ │                  (LaneDoor.OpenAsync). close: its holder alone, under the row's lock, when it has kept up,
//            unheld           and nothing has needed it, for a while (LaneDoor.CloseAsync); from "held", not from here.
//              │ ▲
//         take │ │ free       take: the dispatcher whom the rendezvous hash chooses, at once; any other after two seconds. The fence
//              ▼ │                  grows. free: the holder, when it has nothing in flight (it stops, or another one is chosen now);
//             held            or the database, when the holder's lease ran out and any other dispatcher deleted its row.
//
// What goes in: rows of new deliveries (publisher), rows whose message came (LaneIntake). Both hold the lane's row until their
// commit, so closing sees them or they see that it is closed. What goes out: a row whose delivery has ended (AttemptStore,
// CancelStore, DeliveryStore), and, at the closing, the few that are left, which the due-poller announces from then on.
// What a holder does between the taking and the end: Serving/LaneServing. Who is alive: Leases/LeaseKeeper, Leases/LeaseWatch, Leases/Contact. Who takes and hands over: LaneOwner.
//
// Why no two send the same: a holder sends only until the end of its lease by its own clock, which it began to count before it
// asked for it; others may take the lane only after that end by the database's clock. What it had on the wire by then is sent again.

/// <summary>The closed set of what a dispatcher does about a lane at a moment.</summary>
internal enum LaneMove
{
    /// <summary>It is somebody else's, or is soon to be.</summary>
    Leave,

    Take,

    /// <summary>Go on serving it.</summary>
    Keep,

    /// <summary>Finish what is in flight and free it: it is somebody else's now.</summary>
    HandOver,
}

/// <summary>Decides who takes which lane. Pure.</summary>
internal static class LaneLife
{
    /// <summary>How long the chosen dispatcher may hesitate before any other one may take a lane.</summary>
    public static readonly TimeSpan Hesitation = TimeSpan.FromSeconds(2);

    /// <param name="isChosen">The rendezvous hash chooses this dispatcher.</param>
    /// <param name="unheldFor">How long this dispatcher has seen it without a holder.</param>
    public static LaneMove OfUnheld(bool isChosen, TimeSpan unheldFor) => isChosen || unheldFor >= Hesitation ? LaneMove.Take : LaneMove.Leave;

    /// <param name="isChosen">The rendezvous hash chooses this dispatcher, which holds it.</param>
    /// <param name="otherChosenFor">For how long it has chosen another one: that one may be about to end, too.</param>
    public static LaneMove OfHeld(bool isChosen, TimeSpan otherChosenFor) => isChosen || otherChosenFor < Hesitation ? LaneMove.Keep : LaneMove.HandOver;
}
